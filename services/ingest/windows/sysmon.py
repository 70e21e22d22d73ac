"""Sysmon: every event id of version 15."""

import re
from typing import Final

from schemas.ocsf.classes import OcsfClass as C
from schemas.ocsf.objects import Actor, File, Process
from services.ingest.values import compact, number_of, text_of
from services.ingest.windows.kind import Kind, Parts, kind_of, under
from services.ingest.windows.objects import (
    Get,
    actor_of,
    endpoint_of,
    file_of,
    hashes_of,
    integrity_of,
    process_of,
    user_named,
)

CHANNEL: Final = "Microsoft-Windows-Sysmon/Operational"

_OWN: Final = (("", "User"),)
_BOTH: Final = (("", "SourceUser"), ("", "TargetUser"))
_KEY_ACTIVITY: Final = {
    "CreateKey": 1,
    "DeleteKey": 4,
    "DeleteValue": 4,
    "CreateValue": 1,
    "RenameKey": 5,
    "RenameValue": 5,
}
_SYSTEM: Final[Process] = {"pid": 4, "name": "System"}
_DNS_CODES: Final = {0: 0, 9001: 1, 9002: 2, 9003: 3, 9004: 4, 9005: 5}
_ADDRESS: Final = re.compile(r"(?:::ffff:)?([0-9a-fA-F.:]+);")
_ANSWERS: Final = 64


def _own(g: Get) -> Process | None:
    return process_of(g("ProcessId"), g("ProcessGuid"), g("Image"))


def _actor(g: Get) -> Actor | None:
    return actor_of(_own(g), user_named(g("User")))


def _image(g: Get, path: str) -> File | None:
    file = file_of(g(path))
    if file is None:
        return None
    whole: File = {**file}
    hashes = hashes_of(g("Hashes"))
    if hashes:
        whole["hashes"] = hashes
    for native, name in (("Company", "company_name"), ("Description", "desc"), ("OriginalFileName", "internal_name")):
        value = text_of(g(native))
        if value is not None:
            whole[name] = value  # type: ignore[literal-required]  # the three names are File's own
    return whole


def process_created(g: Get) -> Parts:
    """Sysmon 1."""
    process = process_of(g("ProcessId"), g("ProcessGuid"), g("Image"), g("CommandLine"))
    parent = process_of(g("ParentProcessId"), g("ParentProcessGuid"), g("ParentImage"), g("ParentCommandLine"))
    user = user_named(g("User"))
    if process is not None:
        _describe(process, g)
        if parent is not None:
            process["parent_process"] = parent
        if user is not None:
            process["user"] = user
    return {"process": process, "actor": actor_of(parent, user_named(g("ParentUser")) or user)}


def _describe(process: Process, g: Get) -> None:
    file = _image(g, "Image")
    if file is not None:
        process["file"] = file
    folder, level, session = g("CurrentDirectory"), g("IntegrityLevel"), g("LogonId")
    if type(folder) is str:
        process["working_directory"] = folder
    if type(level) is str:
        process["integrity"] = level
        process["integrity_id"] = integrity_of(level)
    if type(session) is str:
        process["session"] = {"uid": session}


def process_ended(g: Get) -> Parts:
    """Sysmon 5; it does not say who ended it, so the process stands for itself."""
    process = _own(g)
    return {"process": process, "actor": actor_of(process, user_named(g("User")))}


def connected(g: Get) -> Parts:
    """Sysmon 3. ``Initiated`` false means that the peer called."""
    return {
        "src_endpoint": endpoint_of(g("SourceIp"), g("SourcePort"), g("SourceHostname")),
        "dst_endpoint": endpoint_of(g("DestinationIp"), g("DestinationPort"), g("DestinationHostname")),
        "connection_info": compact(
            {"direction_id": _direction(g("Initiated")), "protocol_name": text_of(g("Protocol"))}
        ),
        "actor": _actor(g),
    }


def _direction(initiated: object) -> int:
    return {"true": 2, "false": 1}.get(str(initiated).lower(), 0)


def image_loaded(g: Get) -> Parts:
    """Sysmon 7."""
    file = _image(g, "ImageLoaded")
    return {"module": {"file": file, "load_type_id": 1} if file else None, "actor": _actor(g)}


def driver_loaded(g: Get) -> Parts:
    """Sysmon 6; drivers are loaded by the process System."""
    file = _image(g, "ImageLoaded")
    return {"driver": {"file": file} if file else None, "actor": actor_of(_SYSTEM, None)}


def thread_created(g: Get) -> Parts:
    """Sysmon 8."""
    module = {
        "start_address": text_of(g("StartAddress")),
        "function_name": text_of(g("StartFunction")),
        "load_type_id": 0,
    }
    return {
        "actor": actor_of(
            process_of(g("SourceProcessId"), g("SourceProcessGuid"), g("SourceImage")), user_named(g("SourceUser"))
        ),
        "process": process_of(g("TargetProcessId"), g("TargetProcessGuid"), g("TargetImage")),
        "injection_type_id": 1,
        "module": compact(module),
    }


def process_opened(g: Get) -> Parts:
    """Sysmon 10."""
    source = g("SourceProcessGUID") or g("SourceProcessGuid")
    target = g("TargetProcessGUID") or g("TargetProcessGuid")
    return {
        "actor": actor_of(process_of(g("SourceProcessId"), source, g("SourceImage")), user_named(g("SourceUser"))),
        "process": process_of(g("TargetProcessId"), target, g("TargetImage")),
        "requested_permissions": number_of(g("GrantedAccess")),
    }


def tampered(g: Get) -> Parts:
    """Sysmon 25: the image in memory is not the one on disk."""
    return {"process": _own(g), "actor": _actor(g)}


def file_written(g: Get) -> Parts:
    """Sysmon 2, 11, 15, 23, 26, 27, 28, 29."""
    return {"file": _image(g, "TargetFilename"), "actor": _actor(g)}


def device_read(g: Get) -> Parts:
    """Sysmon 9."""
    return {"file": file_of(g("Device"), 4), "actor": _actor(g)}


def key_changed(g: Get) -> Parts:
    """Sysmon 12 and 14."""
    path = text_of(g("TargetObject"))
    return {
        "reg_key": {"path": path} if path else None,
        "actor": _actor(g),
        "activity_id": _KEY_ACTIVITY.get(str(g("EventType") or g("Message_EventType")), None),
    }


def value_set(g: Get) -> Parts:
    """Sysmon 13."""
    path = text_of(g("TargetObject"))
    if path is None:
        return {}
    key, _, name = path.rpartition("\\")
    value = compact({"path": key or path, "name": name, "data": g("Details")})
    return {"reg_value": value, "actor": _actor(g)}


def pipe(g: Get) -> Parts:
    """Sysmon 17 and 18."""
    return {"file": file_of(g("PipeName"), 6), "actor": _actor(g)}


def subscription(g: Get) -> Parts:
    """Sysmon 19, 20, 21: WMI filter, consumer and what binds them."""
    name = text_of(g("Name")) or text_of(g("Consumer")) or text_of(g("Filter"))
    details = text_of(g("Destination")) or text_of(g("Query"))
    resource = compact({"name": name, "type_id": 99, "type": "WMI subscription", "details": details}) if name else None
    return {"win_resource": resource, "actor": actor_of(None, user_named(g("User")))}


def clipboard(g: Get) -> Parts:
    """Sysmon 24."""
    return {"win_resource": {"name": "clipboard", "type_id": 99, "type": "clipboard"}, "actor": _actor(g)}


def resolved(g: Get) -> Parts:
    """Sysmon 22: question and answer in one."""
    name, status = text_of(g("QueryName")), number_of(g("QueryStatus"))
    answers = _ADDRESS.findall(g("QueryResults")[:4096]) if type(g("QueryResults")) is str else []
    return {
        "src_endpoint": endpoint_of(hostname=g("Computer") or g("Hostname")),
        "query": {"hostname": name} if name else None,
        "answers": [{"rdata": answer} for answer in answers[:_ANSWERS]] or None,
        "rcode_id": None if status is None else _DNS_CODES.get(status, 99),
        "actor": _actor(g),
    }


def sensor_changed(g: Get) -> Parts:
    """Sysmon 4, 16 and 255: the sensor itself started, stopped, was reconfigured or failed."""
    state = {"Started": 3, "Stopped": 4}.get(str(g("State")), 8 if g("Configuration") else 99)
    return {
        "app": {"name": "Sysmon", "vendor_name": "Microsoft"},
        "activity_id": state,
        "message": text_of(g("Description")),
    }


def _file_kind(activity_id: int) -> Kind:
    return kind_of(C.FILE, activity_id, file_written, _OWN)


KINDS: Final = under(
    CHANNEL,
    {
        1: kind_of(C.PROCESS, 1, process_created, (("", "User"), ("", "ParentUser"))),
        2: _file_kind(6),
        3: kind_of(C.NETWORK, 1, connected, _OWN, ("SourceIp", "DestinationIp")),
        (4, 16, 255): kind_of(C.APPLICATION_LIFECYCLE, 99, sensor_changed, ()),
        5: kind_of(C.PROCESS, 2, process_ended, _OWN),
        6: kind_of(C.KERNEL_EXTENSION, 1, driver_loaded, ()),
        7: kind_of(C.MODULE, 1, image_loaded, _OWN),
        8: kind_of(C.PROCESS, 4, thread_created, _BOTH),
        9: kind_of(C.FILE, 2, device_read, _OWN),
        10: kind_of(C.PROCESS, 3, process_opened, _BOTH),
        (11, 15, 27, 29): _file_kind(1),
        (12, 14): kind_of(C.REGISTRY_KEY, 99, key_changed, _OWN),
        13: kind_of(C.REGISTRY_VALUE, 2, value_set, _OWN),
        17: kind_of(C.FILE, 1, pipe, _OWN),
        18: kind_of(C.FILE, 14, pipe, _OWN),
        (19, 20, 21): kind_of(C.WINDOWS_RESOURCE, 1, subscription, _OWN),
        22: kind_of(C.DNS, 6, resolved, _OWN),
        (23, 26, 28): _file_kind(4),
        24: kind_of(C.WINDOWS_RESOURCE, 1, clipboard, _OWN),
        25: kind_of(C.PROCESS, 4, tampered, _OWN),
    },
)
