"""What is known of operating systems in general: launchers, browsers, script hosts, paths, ports, built-in accounts."""

from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from typing import Final

# Launchers of the operating system parent unrelated things: neither suspicion nor a story passes them by parentage.
HUBS: Final = frozenset(
    {
        "system", "smss.exe", "csrss.exe", "wininit.exe", "winlogon.exe", "services.exe", "lsass.exe", "lsm.exe",
        "svchost.exe", "explorer.exe", "userinit.exe", "sihost.exe", "taskhostw.exe", "taskeng.exe", "runtimebroker.exe",
        "dllhost.exe", "wmiprvse.exe", "searchindexer.exe", "spoolsv.exe", "consent.exe", "fontdrvhost.exe", "dwm.exe",
        "ctfmon.exe", "backgroundtaskhost.exe", "conhost.exe", "mmc.exe", "searchui.exe", "startmenuexperiencehost.exe",
        "shellexperiencehost.exe", "logonui.exe", "openwith.exe", "applicationframehost.exe",
    }
)  # fmt: skip
BROWSERS: Final = frozenset(
    {
        "msedge.exe", "chrome.exe", "firefox.exe", "iexplore.exe", "brave.exe", "opera.exe", "outlook.exe",
        "thunderbird.exe", "teams.exe", "microsoftedge.exe", "microsoftedgecp.exe", "browser_broker.exe",
    }
)  # fmt: skip
# What starts a process for somebody on another host: WMI, the task scheduler, services, DCOM, remote shells.
BROKERS: Final = frozenset(
    {
        "wmiprvse.exe", "svchost.exe", "services.exe", "dllhost.exe", "mmc.exe", "explorer.exe", "wsmprovhost.exe",
        "winrshost.exe",
    }
)  # fmt: skip
DESKTOP_BROKERS: Final = frozenset({"explorer.exe", "mmc.exe", "dllhost.exe"})
REMOTE_SHELLS: Final = frozenset({"wsmprovhost.exe", "winrshost.exe"})
SCRIPT_HOSTS: Final = frozenset(
    {
        "powershell.exe", "pwsh.exe", "wscript.exe", "cscript.exe", "mshta.exe", "rundll32.exe", "regsvr32.exe",
        "msbuild.exe", "installutil.exe",
    }
)  # fmt: skip
DISCOVERY_TOOLS: Final = frozenset(
    {
        "whoami.exe", "ipconfig.exe", "net.exe", "net1.exe", "nltest.exe", "systeminfo.exe", "tasklist.exe", "quser.exe",
        "qwinsta.exe", "query.exe", "arp.exe", "route.exe", "netstat.exe", "hostname.exe", "dsquery.exe", "adfind.exe",
        "nbtstat.exe", "getmac.exe", "klist.exe", "cmdkey.exe",
    }
)  # fmt: skip

ADMIN_PORTS: Final = frozenset({88, 135, 139, 389, 445, 636, 3389, 5985, 5986})
EXECUTION_PORTS: Final = frozenset({135, 445, 5985, 5986, 3389})
DIRECTORY_PORTS: Final = frozenset({53, 88, 389, 636})
QUIET_PORTS: Final = frozenset({53, 88, 123, 389})

_USER_PATHS: Final = (
    "\\users\\", "\\programdata\\", "\\windows\\temp\\", "\\temp\\", "\\perflogs\\", "\\$recycle.bin\\",
    "\\windows\\tasks\\", "\\windows\\debug\\", "\\inetpub\\",
)  # fmt: skip
_SYSTEM_FOLDERS: Final = (
    "\\windows\\system32\\", "\\windows\\syswow64\\", "\\windows\\systemapps\\", "\\windows\\explorer.exe",
    "\\systemroot\\system32\\", "\\??\\",
)  # fmt: skip
_BUILT_IN: Final = (
    "NT AUTHORITY\\", "NT SERVICE\\", "WINDOW MANAGER\\", "FONT DRIVER HOST\\", "IIS APPPOOL\\", "BUILTIN\\",
    "NT VIRTUAL MACHINE\\", "AUTORITE NT\\", "NT-AUTORIT\u00c4T\\",
)  # fmt: skip
_BUILT_IN_NAMES: Final = frozenset(
    {"anonymous logon", "system", "local service", "network service", "local system", "guest"}
)
_LOCAL_SESSIONS: Final = frozenset({"", "0x3e7", "0x3e4", "0x3e5"})
_PLATFORM_ADDRESSES: Final = frozenset({"168.63.129.16", "169.254.169.254"})


def base(path: str) -> str:
    """Return the file name at the end of a path."""
    return path.rsplit("\\", 1)[-1]


@lru_cache(maxsize=8192)
def in_user_path(path: str) -> bool:
    """Whether everybody may write where this image lies."""
    return any(part in path for part in _USER_PATHS) and "\\program files" not in path


@lru_cache(maxsize=8192)
def is_hub(image: str) -> bool:
    """Whether the image is a launcher of the operating system; one of that name that lies elsewhere is none."""
    if base(image) not in HUBS:
        return False
    return "\\" not in image or image.startswith(_SYSTEM_FOLDERS)


def is_browser(image: str) -> bool:
    """Whether the image fetches things for a person."""
    return base(image) in BROWSERS


@lru_cache(maxsize=8192)
def is_person(account: str) -> bool:
    """Whether the account belongs to somebody: no machine account, none of the operating system's."""
    domain, separator, name = account.partition("\\")
    if not separator or not domain or name.endswith("$") or name in _BUILT_IN_NAMES:
        return False
    return not account.upper().startswith(_BUILT_IN)


def is_machine(account: str) -> bool:
    """Whether the account is a machine's own."""
    return account.endswith("$")


def is_local_session(session: str) -> bool:
    """Whether the logon id is one of the operating system's own sessions, in which everything runs."""
    return session in _LOCAL_SESSIONS


@lru_cache(maxsize=8192)
def is_special(address: str) -> bool:
    """Whether the address names no machine of the network: loopback, link-local, multicast, broadcast, the platform's."""
    if not address or address in _PLATFORM_ADDRESSES:
        return True
    found = ip_address(address)
    if isinstance(found, IPv4Address) and address.endswith(".255"):
        return True
    return found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified
