"""Where Windows writes what Sigma's services and categories name, and how the Security log spells Sysmon's fields.

Channels are lower case. Sources: Sigma's taxonomy appendix (services, categories), Microsoft's Sysmon event list,
and Microsoft's description of the Security events 4688 and 4657.
"""

from collections.abc import Mapping
from typing import Final

SYSMON: Final = "microsoft-windows-sysmon/operational"
_POWERSHELL: Final = ("microsoft-windows-powershell/operational", "powershellcore/operational")
_CLASSIC: Final = "windows powershell"
_DEFENDER: Final = "microsoft-windows-windows defender/operational"
_KERNEL_FILE: Final = "microsoft-windows-kernel-file/analytic"
_SERVICE_BUS: Final = tuple(f"microsoft-servicebus-client{name}" for name in ("", "/operational", "/admin"))
_BY_NAME: Final = "microsoft-windows-{}/operational"

CHANNELS: Final[Mapping[str, tuple[str, ...]]] = {
    "security": ("security",),
    "system": ("system",),
    "application": ("application",),
    "sysmon": (SYSMON,),
    "powershell": _POWERSHELL,
    "powershell-classic": (_CLASSIC,),
    "windefend": (_DEFENDER,),
    "applocker": tuple(
        f"microsoft-windows-applocker/{name}"
        for name in ("msi and script", "exe and dll", "packaged app-deployment", "packaged app-execution")
    ),
    "application-experience": tuple(
        f"microsoft-windows-application-experience/program-{name}" for name in ("telemetry", "compatibility-assistant")
    ),
    "appmodel-runtime": ("microsoft-windows-appmodel-runtime/admin",),
    "appxdeployment-server": (_BY_NAME.format("appxdeploymentserver"),),
    "appxpackaging-om": (_BY_NAME.format("appxpackaging"),),
    "bitlocker": ("microsoft-windows-bitlocker/bitlocker management",),
    "bits-client": (_BY_NAME.format("bits-client"),),
    "capi2": (_BY_NAME.format("capi2"),),
    "certificateservicesclient-lifecycle-system": (_BY_NAME.format("certificateservicesclient-lifecycle-system"),),
    "codeintegrity-operational": (_BY_NAME.format("codeintegrity"),),
    "dhcp": (_BY_NAME.format("dhcp-server"), "microsoft-windows-dhcp-server-events/operational"),
    "diagnosis-scripted": (_BY_NAME.format("diagnosis-scripted"),),
    "dns-client": (_BY_NAME.format("dns client events"), _BY_NAME.format("dns-client")),
    "dns-server": ("dns server",),
    "dns-server-analytic": ("microsoft-windows-dns-server/analytical",),
    "dns-server-audit": ("microsoft-windows-dns-server/audit",),
    "driver-framework": (_BY_NAME.format("driverframeworks-usermode"),),
    "firewall-as": (
        "microsoft-windows-windows firewall with advanced security/firewall",
        "microsoft-windows-windows firewall with advanced security/firewalldiagnostics",
    ),
    "hyper-v-worker": ("microsoft-windows-hyper-v-worker", "microsoft-windows-hyper-v-worker-admin"),
    "iis-configuration": ("microsoft-iis-configuration/operational", _BY_NAME.format("iis-configuration")),
    "kernel-event-tracing": ("microsoft-windows-kernel-eventtracing", "microsoft-windows-kernel-eventtracing/admin"),
    "kernel-shimengine": tuple(f"microsoft-windows-kernel-shimengine/{name}" for name in ("operational", "diagnostic")),
    "ldap": ("microsoft-windows-ldap-client/debug",),
    "ldap_debug": ("microsoft-windows-ldap-client/debug",),
    "lsa-server": (_BY_NAME.format("lsa"),),
    "microsoft-servicebus-client": _SERVICE_BUS,
    "msexchange-management": ("msexchange management",),
    "ntfs": (_BY_NAME.format("ntfs"),),
    "ntlm": (_BY_NAME.format("ntlm"),),
    "openssh": ("openssh/operational",),
    "printservice-admin": ("microsoft-windows-printservice/admin",),
    "printservice-operational": (_BY_NAME.format("printservice"),),
    "security-mitigations": tuple(f"microsoft-windows-security-mitigations/{name} mode" for name in ("kernel", "user")),
    "sense": (_BY_NAME.format("sense"),),
    "servicebus-client": _SERVICE_BUS,
    "shell-core": (_BY_NAME.format("shell-core"),),
    "smbclient-connectivity": ("microsoft-windows-smbclient/connectivity",),
    "smbclient-security": ("microsoft-windows-smbclient/security",),
    "smbserver-connectivity": ("microsoft-windows-smbserver/connectivity",),
    "taskscheduler": (_BY_NAME.format("taskscheduler"),),
    "terminalservices-localsessionmanager": (_BY_NAME.format("terminalservices-localsessionmanager"),),
    "vhdmp": (_BY_NAME.format("vhdmp"),),
    "wmi": (_BY_NAME.format("wmi-activity"),),
}

_SYSMON_IDS: Final[Mapping[str, tuple[int, ...]]] = {
    "process_creation": (1,), "file_change": (2,), "network_connection": (3,), "sysmon_status": (4, 16),
    "process_termination": (5,), "driver_load": (6,), "image_load": (7,), "create_remote_thread": (8,),
    "raw_access_thread": (9,), "process_access": (10,), "file_event": (11,), "registry_add": (12,),
    "registry_delete": (12, 14), "registry_set": (13,), "registry_rename": (14,), "registry_event": (12, 13, 14),
    "create_stream_hash": (15,), "pipe_created": (17, 18), "wmi_event": (19, 20, 21), "dns_query": (22,),
    "file_delete": (23, 26), "clipboard_capture": (24,), "process_tampering": (25,), "file_delete_detected": (26,),
    "file_block_executable": (27,), "file_block_shredding": (28,), "file_executable_detected": (29,),
    "sysmon_error": (255,),
}  # fmt: skip
_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "process_creation": ("security/4688",),
    "registry_event": ("security/4657",),
    "registry_set": ("security/4657",),
    "ps_module": tuple(f"{channel}/4103" for channel in _POWERSHELL),
    "ps_script": tuple(f"{channel}/4104" for channel in _POWERSHELL),
    "ps_classic_start": (f"{_CLASSIC}/400",),
    "ps_classic_provider_start": (f"{_CLASSIC}/600",),
    "ps_classic_script": (f"{_CLASSIC}/800",),
    "file_access": (f"{_KERNEL_FILE}/12",),
    "file_rename": (f"{_KERNEL_FILE}/19", f"{_KERNEL_FILE}/27"),
    "antivirus": tuple(f"{_DEFENDER}/{number}" for number in (1006, 1015, 1116, 1117)),
}


def _kinds(category: str) -> frozenset[str]:
    sysmon = (f"{SYSMON}/{number}" for number in _SYSMON_IDS.get(category, ()))
    return frozenset((*sysmon, *_ELSEWHERE.get(category, ())))


KINDS: Final[Mapping[str, frozenset[str]]] = {name: _kinds(name) for name in (*_SYSMON_IDS, *_ELSEWHERE)}

RENAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "security/4688": {
        "Image": "NewProcessName",
        "ParentImage": "ParentProcessName",
        "User": "SubjectUserName",
        "LogonId": "SubjectLogonId",
        "ProcessId": "NewProcessId",
        "ParentProcessId": "ProcessId",
        "IntegrityLevel": "MandatoryLabel",
    },
    "security/4657": {"Image": "ProcessName", "TargetObject": "ObjectName", "Details": "NewValue"},
}
"""kind -> Sysmon's name of a field -> the Security log's name of it; holds for rules that name a category."""
