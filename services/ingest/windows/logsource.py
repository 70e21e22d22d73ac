"""Sigma's logsource of a Windows event: product windows, service from the channel, category from channel and event id."""

from functools import lru_cache
from typing import Final

from schemas.event import LogSource

_SERVICES: Final = {
    "application": "application",
    "security": "security",
    "system": "system",
    "windows powershell": "powershell-classic",
    "microsoft-windows-powershell/operational": "powershell",
    "powershellcore/operational": "powershell",
    "microsoft-windows-sysmon/operational": "sysmon",
    "microsoft-windows-windows defender/operational": "windefend",
    "microsoft-windows-wmi-activity/operational": "wmi",
    "microsoft-windows-taskscheduler/operational": "taskscheduler",
    "microsoft-windows-bits-client/operational": "bits-client",
    "microsoft-windows-windows firewall with advanced security/firewall": "firewall-as",
    "microsoft-windows-terminalservices-localsessionmanager/operational": "terminalservices-localsessionmanager",
    "microsoft-windows-codeintegrity/operational": "codeintegrity-operational",
    "microsoft-windows-applocker/exe and dll": "applocker",
    "microsoft-windows-applocker/msi and script": "applocker",
    "microsoft-windows-applocker/packaged app-deployment": "applocker",
    "microsoft-windows-applocker/packaged app-execution": "applocker",
    "microsoft-windows-appmodel-runtime/admin": "appmodel-runtime",
    "microsoft-windows-appxdeploymentserver/operational": "appxdeployment-server",
    "microsoft-windows-appxpackaging/operational": "appxpackaging-om",
    "microsoft-windows-capi2/operational": "capi2",
    "microsoft-windows-certificateservicesclient-lifecycle-system/operational": "certificateservicesclient-lifecycle-system",
    "microsoft-windows-diagnosis-scripted/operational": "diagnosis-scripted",
    "microsoft-windows-dns client events/operational": "dns-client",
    "microsoft-windows-dns-client/operational": "dns-client",
    "dns server": "dns-server",
    "microsoft-windows-dns-server/audit": "dns-server-audit",
    "microsoft-windows-dns-server/analytical": "dns-server-analytic",
    "microsoft-windows-driverframeworks-usermode/operational": "driver-framework",
    "microsoft-windows-iis-configuration/operational": "iis-configuration",
    "microsoft-windows-ldap-client/debug": "ldap",
    "microsoft-windows-lsa/operational": "lsa-server",
    "microsoft-servicebus-client": "microsoft-servicebus-client",
    "microsoft-servicebus-client/admin": "microsoft-servicebus-client",
    "microsoft-servicebus-client/operational": "microsoft-servicebus-client",
    "msexchange management": "msexchange-management",
    "microsoft-windows-ntlm/operational": "ntlm",
    "openssh/operational": "openssh",
    "microsoft-windows-printservice/admin": "printservice-admin",
    "microsoft-windows-printservice/operational": "printservice-operational",
    "microsoft-windows-security-mitigations/kernel mode": "security-mitigations",
    "microsoft-windows-security-mitigations/user mode": "security-mitigations",
    "microsoft-windows-shell-core/operational": "shell-core",
    "microsoft-windows-smbclient/connectivity": "smbclient-connectivity",
    "microsoft-windows-smbclient/security": "smbclient-security",
    "microsoft-windows-smbserver/connectivity": "smbserver-connectivity",
}

_SYSMON: Final = "microsoft-windows-sysmon/operational/"
_CATEGORIES: Final = {
    **{
        f"{_SYSMON}{event_id}": category
        for event_id, category in {
            1: "process_creation", 2: "file_change", 3: "network_connection", 4: "sysmon_status", 5: "process_termination",
            6: "driver_load", 7: "image_load", 8: "create_remote_thread", 9: "raw_access_thread", 10: "process_access",
            11: "file_event", 12: "registry_add", 13: "registry_set", 14: "registry_rename", 15: "create_stream_hash",
            16: "sysmon_status", 17: "pipe_created", 18: "pipe_created", 19: "wmi_event", 20: "wmi_event",
            21: "wmi_event", 22: "dns_query", 23: "file_delete", 24: "clipboard_change", 25: "process_tampering",
            26: "file_delete", 27: "file_block", 28: "file_block", 29: "file_executable_detected", 255: "sysmon_error",
        }.items()
    },
    "security/4688": "process_creation",
    "security/4689": "process_termination",
    "security/4657": "registry_event",
    "microsoft-windows-powershell/operational/4103": "ps_module",
    "microsoft-windows-powershell/operational/4104": "ps_script",
    "powershellcore/operational/4103": "ps_module",
    "powershellcore/operational/4104": "ps_script",
    "windows powershell/400": "ps_classic_start",
    "windows powershell/600": "ps_classic_provider_start",
    "windows powershell/800": "ps_classic_script",
}  # fmt: skip


@lru_cache(maxsize=4096)
def logsource_of(channel: str, kind: str) -> LogSource:
    """Return the logsource of ``kind``; ``channel`` is in lower case. Of several categories Sysmon's primary one."""
    return LogSource("windows", _CATEGORIES.get(kind, ""), _SERVICES.get(channel, ""))
