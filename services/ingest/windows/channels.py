"""The channels of which a few kinds matter: application control, name resolution, remote sessions, printing, and more."""

from typing import Final

from schemas.ocsf.classes import OcsfClass as C
from schemas.ocsf.objects import Endpoint
from services.ingest.values import compact, text_of
from services.ingest.windows.kind import Parts, kind_of, under
from services.ingest.windows.objects import Get, actor_of, endpoint_of, file_of, process_of, user_named, user_of
from services.ingest.windows.system import program, reporting_program

_SYSTEM: Final = actor_of({"pid": 4, "name": "System"}, None)


def _first(g: Get, *names: str) -> str | None:
    return next((text for text in map(text_of, map(g, names)) if text), None)


def _here(g: Get) -> Endpoint | None:
    return endpoint_of(hostname=g("Computer") or g("Hostname"))


def image_judged(g: Get) -> Parts:
    """Code integrity, AppLocker, mitigations: an image was refused, or would have been."""
    file = file_of(_first(g, "FileNameBuffer", "File Name", "FilePath", "FileName", "ImageName", "param1", "Message"))
    process = process_of(g("TargetProcessId") or g("ProcessId"), None, g("ProcessNameBuffer") or g("Process Name"))
    return {
        "module": {"file": file, "load_type_id": 1} if file else None,
        "actor": actor_of(process, user_named(None, g("TargetUser"))) or _SYSTEM,
        "status_id": 2,
    }


def remote_session(g: Get) -> Parts:
    """Terminal services: a session begins, ends or comes back."""
    user = user_named(g("User") or g("Param1") or _told(g, "User:"))
    address = g("Address") or g("Param3") or g("ClientIP")
    return {"user": user, "src_endpoint": endpoint_of(address), "dst_endpoint": _here(g), "logon_type_id": 10}


def _told(g: Get, label: str) -> str | None:
    """Return what follows ``label`` in the event's rendered text, where the shipper kept nothing else."""
    message = g("Message")
    lines = message[:2000].splitlines() if type(message) is str else []
    return next((line.strip()[len(label) :].strip() for line in lines if line.strip().startswith(label)), None)


def asked(g: Get) -> Parts:
    """DNS client 3008 and DNS server analytic 257."""
    name = _first(g, "QueryName", "QNAME")
    return {"query": {"hostname": name.rstrip(".")} if name else None, "src_endpoint": _here(g)}


def ntlm(g: Get) -> Parts:
    """NTLM 8001 to 8004."""
    user = user_of(g("DomainName") or g("TargetDomain"), g("UserName") or g("TargetUser"))
    server = endpoint_of(hostname=g("TargetName") or g("SChannelName"))
    return {"user": user, "dst_endpoint": server or _here(g), "auth_protocol_id": 1}


def shared(g: Get) -> Parts:
    """SMB client and server, security and connectivity."""
    server = endpoint_of(g("Address"), None, _first(g, "ServerName", "ServerNameLength", "ClientName"))
    return {"dst_endpoint": server or _here(g), "message": text_of(g("Message"))}


def commanded(g: Get) -> Parts:
    """Exchange management: a cmdlet with its parameters."""
    data = g("Data")
    first = data[0] if type(data) is list and data and type(data[0]) is str else data
    operation = _first(g, "CmdletName", "Message") or text_of(first)
    return {
        "api": {"operation": operation[:400], "service": {"name": "Exchange"}} if operation else None,
        "actor": actor_of(None, user_named(g("User"), g("UserID"))) or {"app_name": "Exchange Management"},
        "src_endpoint": _here(g),
    }


def device(g: Get) -> Parts:
    """Driver frameworks: a device of the user's."""
    name = _first(g, "InstanceId", "instance", "DeviceInstanceId", "Message")
    return {
        "peripheral_device": compact({"name": name, "class": "unknown"}) if name else None,
        "actor": actor_of({"pid": 4, "name": "System"}, user_named(None, g("UserID"))),
    }


_REPORTED: Final = kind_of(C.APPLICATION_LIFECYCLE, 99, reporting_program, ())
_JUDGED: Final = kind_of(C.MODULE, 1, image_judged, ())
_NTLM: Final = kind_of(C.AUTHENTICATION, 1, ntlm, (("DomainName", "UserName"),))
_SMB: Final = kind_of(C.SMB, 99, shared, ())
_SHELL: Final = "Microsoft-Windows-"


KINDS: Final = {
    **under(
        f"{_SHELL}CodeIntegrity/Operational",
        {(3001, 3021, 3022, 3023, 3032, 3033, 3034, 3035, 3036, 3037, 3076, 3077, 3082, 3083, 3104): _JUDGED},
    ),
    **under(f"{_SHELL}AppLocker/EXE and DLL", {(8003, 8004): _JUDGED}),
    **under(f"{_SHELL}AppLocker/MSI and Script", {(8006, 8007): _JUDGED}),
    **under(f"{_SHELL}AppLocker/Packaged app-Deployment", {(8024, 8025): _JUDGED}),
    **under(f"{_SHELL}AppLocker/Packaged app-Execution", {(8021, 8022): _JUDGED}),
    **under(f"{_SHELL}Security-Mitigations/Kernel Mode", {(11, 12): _JUDGED}),
    **under(f"{_SHELL}Security-Mitigations/User Mode", {(11, 12): _JUDGED}),
    **under(
        f"{_SHELL}TerminalServices-LocalSessionManager/Operational",
        {
            (21, 22, 25): kind_of(C.AUTHENTICATION, 1, remote_session, (("", "User"),), ("Address",)),
            (23, 24): kind_of(C.AUTHENTICATION, 2, remote_session, (("", "User"),), ("Address",)),
        },
    ),
    **under(
        f"{_SHELL}TerminalServices-RemoteConnectionManager/Operational",
        {1149: kind_of(C.AUTHENTICATION, 1, remote_session, (("Param2", "Param1"),), ("Param3",))},
    ),
    **under(f"{_SHELL}DNS Client Events/Operational", {(3006, 3008): kind_of(C.DNS, 6, asked, ())}),
    **under(f"{_SHELL}DNS-Client/Operational", {(3006, 3008): kind_of(C.DNS, 6, asked, ())}),
    **under(f"{_SHELL}DNS-Server/Analytical", {257: kind_of(C.DNS, 2, asked, ())}),
    **under("DNS Server", {(150, 770, 771, 6004): _REPORTED}),
    **under(f"{_SHELL}NTLM/Operational", {(8001, 8002, 8003, 8004): _NTLM}),
    **under(f"{_SHELL}SmbClient/Security", {(31001, 31017): _SMB}),
    **under(f"{_SHELL}SmbClient/Connectivity", {(30803, 30804, 30806): _SMB}),
    **under(f"{_SHELL}SMBServer/Connectivity", {4000: _SMB}),
    **under("MSExchange Management", {(1, 6, 8): kind_of(C.API, 99, commanded, (("", "User"),))}),
    **under(
        f"{_SHELL}DriverFrameworks-UserMode/Operational", {(2003, 2100, 2102): kind_of(C.PERIPHERAL, 1, device, ())}
    ),
    **under(
        f"{_SHELL}AppXDeploymentServer/Operational",
        {(400, 401, 412, 441, 442, 453, 454, 603, 854): kind_of(C.APPLICATION_LIFECYCLE, 1, reporting_program, ())},
    ),
    **under(f"{_SHELL}AppxPackagingOM/Operational", {157: _REPORTED}),
    **under(f"{_SHELL}AppxPackaging/Operational", {157: _REPORTED}),
    **under(f"{_SHELL}AppModel-Runtime/Admin", {201: _REPORTED}),
    **under(f"{_SHELL}CAPI2/Operational", {70: _REPORTED}),
    **under(f"{_SHELL}CertificateServicesClient-Lifecycle-System/Operational", {1007: _REPORTED}),
    **under(f"{_SHELL}Diagnosis-Scripted/Operational", {101: _REPORTED}),
    **under(f"{_SHELL}IIS-Configuration/Operational", {29: kind_of(C.APPLICATION_LIFECYCLE, 8, program("IIS"), ())}),
    **under(f"{_SHELL}LDAP-Client/Debug", {30: _REPORTED}),
    **under(f"{_SHELL}LSA/Operational", {300: _REPORTED}),
    **under("Microsoft-ServiceBus-Client", {(40300, 40301, 40302): _REPORTED}),
    **under("OpenSSH/Operational", {4: _REPORTED}),
    **under(f"{_SHELL}PrintService/Admin", {808: _REPORTED}),
    **under(f"{_SHELL}PrintService/Operational", {316: _REPORTED}),
    **under(f"{_SHELL}Shell-Core/Operational", {28115: _REPORTED}),
}
