"""Security log: processes, objects, services, tasks, shares and connections."""

import re
from typing import Final

from schemas.ocsf.classes import OcsfClass as C
from schemas.ocsf.objects import Actor
from services.ingest.values import as_text, compact, number_of, port_of, text_of
from services.ingest.windows.kind import SUBJECT, TARGET, Parts, kind_of, under
from services.ingest.windows.objects import (
    Get,
    actor_of,
    endpoint_of,
    file_of,
    integrity_of,
    process_of,
    user_named,
    user_of,
)
from services.ingest.windows.security_logon import CHANNEL, subject

_RESOURCE_TYPES: Final = {
    "Directory": 1, "Event": 2, "Timer": 3, "Device": 4, "Mutant": 5, "Type": 6, "File": 7, "Token": 8, "Thread": 9,
    "Section": 10, "WindowStation": 11, "DebugObject": 12, "Driver": 15, "SymbolicLink": 18, "Process": 20, "Desktop": 22,
    "Key": 25, "Semaphore": 28, "Job": 29, "Port": 30, "ALPC Port": 32, "SAM_ALIAS": 33, "SAM_GROUP": 34, "SAM_USER": 35,
    "SAM_DOMAIN": 36, "SAM_SERVER": 37,
}  # fmt: skip
_PROTOCOLS: Final = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"}
_INBOUND: Final = frozenset({"%%14592", "inbound"})
_OUTBOUND: Final = frozenset({"%%14593", "outbound"})
_COMMAND: Final = re.compile(r"<Command>([^<]{1,4096})</Command>")
_ARGUMENTS: Final = re.compile(r"<Arguments>([^<]{1,4096})</Arguments>")
_KEY_VALUE: Final = {"%%1904": 2, "%%1905": 3, "%%1906": 4}


def process_created(g: Get) -> Parts:
    """4688. The creator's pid is ``ProcessId``, the new process's ``NewProcessId``."""
    parent = process_of(g("ProcessId"), None, g("ParentProcessName"))
    process = process_of(g("NewProcessId"), None, g("NewProcessName"), g("CommandLine"))
    creator = user_of(g("SubjectDomainName"), g("SubjectUserName"), g("SubjectUserSid"))
    if process is not None:
        if parent is not None:
            process["parent_process"] = parent
        owner = user_of(g("TargetDomainName"), g("TargetUserName")) or creator
        if owner is not None:
            process["user"] = owner
        if type(g("MandatoryLabel")) is str:
            process["integrity_id"] = integrity_of(g("MandatoryLabel"))
    return {"process": process, "actor": actor_of(parent, creator, g("SubjectLogonId"))}


def process_ended(g: Get) -> Parts:
    """4689."""
    return {"process": process_of(g("ProcessId"), None, g("ProcessName")), "actor": subject(g)}


def accessed(g: Get) -> Parts:
    """4656, 4658, 4660, 4661, 4662, 4663, 4670, 4673, 4674, 4690, 5379: an object of the system and who held it."""
    kind = text_of(g("ObjectType"))
    name = text_of(g("ObjectName")) or text_of(g("Service")) or text_of(g("TargetName")) or _key(g)
    uid = as_text(g("HandleId")) or as_text(g("SourceHandleId"))
    resource = {
        "name": name,
        "uid": uid,
        "type": kind,
        "type_id": _RESOURCE_TYPES.get(kind, 99) if kind else 0,
        "details": text_of(g("AccessMask")) or text_of(g("Properties")),
    }
    return {"win_resource": compact(resource) if name or uid else None, "actor": subject(g) or _source(g)}


def _key(g: Get) -> str | None:
    return text_of(g("MasterKeyId")) or text_of(g("ObjectServer"))


def _source(g: Get) -> Actor | None:
    return actor_of(process_of(g("SourceProcessId"), None, None), None)


def registry_value(g: Get) -> Parts:
    """4657."""
    path, name = text_of(g("ObjectName")), text_of(g("ObjectValueName"))
    value = compact({"path": path, "name": name, "data": g("NewValue")}) if path and name else None
    return {"reg_value": value, "actor": subject(g), "activity_id": _KEY_VALUE.get(str(g("OperationType")))}


def service_installed(g: Get) -> Parts:
    """4697."""
    name = text_of(g("ServiceName"))
    service = {
        "name": name,
        "cmd_line": text_of(g("ServiceFileName")),
        "service_start_name": text_of(g("ServiceAccount")),
        "service_type_id": 0,
    }
    return {"win_service": compact(service) if name else None, "actor": subject(g)}


def task(g: Get) -> Parts:
    """4698 to 4702: a scheduled task, its definition as XML."""
    name, definition = text_of(g("TaskName")), g("TaskContent") or g("TaskContentNew")
    command = None
    if type(definition) is str:
        found = _COMMAND.search(definition), _ARGUMENTS.search(definition)
        command = " ".join(match[1] for match in found if match) or None
    return {"job": compact({"name": name, "cmd_line": command}) if name else None, "actor": subject(g)}


def share(g: Get) -> Parts:
    """5140, 5142 to 5145, 5168."""
    path = text_of(g("RelativeTargetName"))
    return {
        "share": text_of(g("ShareName")),
        "src_endpoint": endpoint_of(g("IpAddress"), g("IpPort")),
        "dst_endpoint": endpoint_of(hostname=g("Computer") or g("Hostname")),
        "file": file_of(path) if path else None,
        "actor": subject(g),
    }


def filtered(g: Get) -> Parts:
    """5152 to 5159: Windows Filtering Platform; source is always the sender of the first packet."""
    number = number_of(g("Protocol"))
    direction = str(g("Direction")).lower()
    info = {
        "direction_id": 1 if direction in _INBOUND else 2 if direction in _OUTBOUND else 0,
        "protocol_num": number if number is not None and 0 <= number <= 255 else None,
        "protocol_name": _PROTOCOLS.get(number) if number is not None else None,
    }
    return {
        "src_endpoint": endpoint_of(g("SourceAddress"), g("SourcePort")),
        "dst_endpoint": endpoint_of(g("DestAddress"), g("DestPort")),
        "connection_info": compact(info),
        "actor": actor_of(process_of(g("ProcessID") or g("ProcessId"), None, g("Application")), None),
    }


def filter_changed(g: Get) -> Parts:
    """5441, 5447, 5449: a filter of the platform, or its provider context."""
    name = text_of(g("FilterName")) or text_of(g("ProviderContextName"))
    user = user_named(g("UserName"), g("UserSid"))
    resource = {"name": name, "uid": text_of(g("FilterKey")), "type_id": 39, "type": "WFP Filter"}
    return {
        "win_resource": compact(resource) if name else None,
        "actor": actor_of(process_of(g("ProcessId"), None, None), user) or {"app_name": "Windows Filtering Platform"},
    }


def log_cleared(g: Get) -> Parts:
    """1102 and 517."""
    return {"log_name": "Security", "log_type_id": 1, "actor": subject(g)}


def device_attached(g: Get) -> Parts:
    """6416, 6423: a device came, or was forbidden to."""
    name = text_of(g("DeviceDescription")) or text_of(g("DeviceId")) or text_of(g("DeviceName"))
    device = {"name": name, "uid": text_of(g("DeviceId")), "class": text_of(g("ClassName")) or "unknown"}
    return {"peripheral_device": compact(device) if name else None, "actor": subject(g)}


def image_refused(g: Get) -> Parts:
    """5038, 6281: code integrity found a hash that does not fit."""
    file = file_of(g("param1") or g("FileName"))
    return {
        "module": {"file": file, "load_type_id": 1} if file else None,
        "actor": actor_of({"pid": 4, "name": "System"}, None),
        "status_id": 2,
    }


def listening(g: Get) -> Parts:
    """5154, 5158: a process took a local port."""
    parts = filtered(g)
    if parts["src_endpoint"] is None and port_of(g("SourcePort")):
        parts["src_endpoint"] = endpoint_of(hostname=g("Computer") or g("Hostname"))
    return parts


_WFP: Final = ("SourceAddress", "DestAddress")
_OBJECT: Final = kind_of(C.WINDOWS_RESOURCE, 1, accessed, (SUBJECT,))

KINDS: Final = under(
    CHANNEL,
    {
        4688: kind_of(C.PROCESS, 1, process_created, (SUBJECT, TARGET)),
        4689: kind_of(C.PROCESS, 2, process_ended, (SUBJECT,)),
        (4656, 4658, 4659, 4660, 4661, 4662, 4663, 4664, 4670, 4673, 4674, 4690, 4692, 4693, 4694, 4695, 5379): _OBJECT,
        4657: kind_of(C.REGISTRY_VALUE, 2, registry_value, (SUBJECT,)),
        4697: kind_of(C.WINDOWS_SERVICE, 1, service_installed, (SUBJECT,)),
        4698: kind_of(C.SCHEDULED_JOB, 1, task, (SUBJECT,)),
        4699: kind_of(C.SCHEDULED_JOB, 3, task, (SUBJECT,)),
        4700: kind_of(C.SCHEDULED_JOB, 4, task, (SUBJECT,)),
        4701: kind_of(C.SCHEDULED_JOB, 5, task, (SUBJECT,)),
        4702: kind_of(C.SCHEDULED_JOB, 2, task, (SUBJECT,)),
        (5140, 5142, 5143, 5144, 5168): kind_of(C.SMB, 99, share, (SUBJECT,), ("IpAddress",)),
        5145: kind_of(C.SMB, 2, share, (SUBJECT,), ("IpAddress",)),
        5156: kind_of(C.NETWORK, 1, filtered, (), _WFP),
        (5150, 5151, 5152, 5153, 5155, 5157, 5159): kind_of(C.NETWORK, 5, filtered, (), _WFP),
        5154: kind_of(C.NETWORK, 7, listening, (), _WFP),
        5158: kind_of(C.NETWORK, 99, listening, (), _WFP),
        (5441, 5447, 5449): kind_of(C.WINDOWS_RESOURCE, 99, filter_changed, (("", "UserName"),)),
        (1102, 517): kind_of(C.EVENT_LOG, 1, log_cleared, (SUBJECT,)),
        (6416, 6423): kind_of(C.PERIPHERAL, 1, device_attached, (SUBJECT,)),
        (5038, 6281): kind_of(C.MODULE, 1, image_refused, ()),
    },
)
