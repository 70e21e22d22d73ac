"""To whom a finding belongs, read from the native event behind it; never the object that was attacked."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.entity import canonical_account, canonical_address, canonical_host
from schemas.fact import ProcessRef
from services.detect.correlate.core.finding import Actor, Mention

Native = Mapping[str, Any]

_DEVICE = re.compile(r"^(?:\\\\\?\\|\\\?\?\\)?(?:\\?device\\harddiskvolume\d+|[a-z]:)", re.IGNORECASE)
_INBOUND: Final = "%%14592"
_SERVICES_KEY: Final = "\\services\\"


def text(native: Native, *names: str) -> str:
    """Return the first of the fields that holds text; `""` and `-` are no text."""
    found = (native.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value not in {"", "-"}), "")


def number(native: Native, *names: str) -> int:
    """Return the first of the fields that is a number, in either base; else 0."""
    for name in names:
        value = native.get(name)
        if isinstance(value, int):
            return value
        if isinstance(value, str) and re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", value):
            return int(value, 16 if value[:2].lower() == "0x" else 10)
    return 0


def path(native: Native, *names: str) -> str:
    """Return a file path in lower case, without its drive or device."""
    return _DEVICE.sub("", text(native, *names).strip('"')).lower()


def logon(native: Native, *names: str) -> str:
    """Return a logon id in lower case hexadecimal; `""` where there is none."""
    found = number(native, *names)
    return hex(found) if found else ""


def account(native: Native, prefix: str) -> str:
    """Return the canonical account of the fields ``<prefix>DomainName`` and ``<prefix>UserName``."""
    return canonical_account(text(native, f"{prefix}DomainName"), text(native, f"{prefix}UserName"))


def host(native: Native) -> str:
    """Return the canonical name of the host that the event happened on."""
    return canonical_host(text(native, "Hostname", "Computer"))


def actor_of(kind: str, native: Native) -> Actor:
    """Return to whom a finding on this event belongs."""
    channel, _, event = kind.rpartition("/")
    if "sysmon" in channel:
        return _sysmon(event, native)
    if channel == "security":
        return _SECURITY.get(event, _subject)(native)
    if channel == "system" and event == "7045":
        return Actor(host(native), service=f"service:{text(native, 'ServiceName').lower()}")
    if "powershell" in channel:
        return Actor(host(native), ProcessRef(pid=number(native, "ExecutionProcessID", "ProcessID")))
    return Actor(host(native))


def _sysmon(event: str, native: Native) -> Actor:
    if event in {"8", "10"}:
        guid = text(native, "SourceProcessGuid", "SourceProcessGUID").lower()
        source = ProcessRef(guid, number(native, "SourceProcessId"), path(native, "SourceImage"))
        return Actor(host(native), source)
    if event == "3" and str(native.get("Initiated")).lower() != "true":
        address = canonical_address(text(native, "SourceIp"))
        return Actor(host(native), source=address, source_port=number(native, "SourcePort"))
    process = ProcessRef(text(native, "ProcessGuid").lower(), number(native, "ProcessId"), path(native, "Image"))
    key = text(native, "TargetObject").lower()
    if event in {"12", "13", "14"} and _SERVICES_KEY in key and process.image.endswith("\\services.exe"):
        return Actor(host(native), service="service:" + key.split(_SERVICES_KEY)[1].split("\\")[0])
    return Actor(host(native), process)


def _started(native: Native) -> Actor:
    return Actor(host(native), ProcessRef(pid=number(native, "NewProcessId"), image=path(native, "NewProcessName")))


def _platform(native: Native) -> Actor:
    if text(native, "Direction") == _INBOUND:
        address = canonical_address(text(native, "SourceAddress"))
        return Actor(host(native), source=address, source_port=number(native, "SourcePort"))
    return Actor(
        host(native), ProcessRef(pid=number(native, "ProcessId", "ProcessID"), image=path(native, "Application"))
    )


def _kerberos(native: Native) -> Actor:
    name, _, realm = text(native, "TargetUserName").partition("@")
    requester = canonical_account(realm or text(native, "TargetDomainName"), name)
    return Actor(host(native), account=requester, source=_address(native))


def _validated(native: Native) -> Actor:
    return Actor(host(native), source=canonical_host(text(native, "Workstation")))


def _logged_on(native: Native) -> Actor:
    return Actor(host(native), source=_address(native), source_port=number(native, "IpPort"))


def _failed(native: Native) -> Actor:
    process = ProcessRef(pid=number(native, "ProcessId"), image=path(native, "ProcessName"))
    return Actor(host(native), process, source=_address(native) or canonical_host(text(native, "WorkstationName")))


def _installed(native: Native) -> Actor:
    return Actor(host(native), service=f"service:{text(native, 'ServiceName').lower()}")


def _scheduled(native: Native) -> Actor:
    return Actor(host(native), service=f"task:{text(native, 'TaskName').lower()}")


def _subject(native: Native) -> Actor:
    process = ProcessRef(
        pid=number(native, "ClientProcessId", "ProcessId", "CallerProcessId"),
        image=path(native, "ProcessName", "CallerProcessName"),
    )
    return Actor(
        host(native),
        process,
        session=logon(native, "SubjectLogonId"),
        account=account(native, "Subject"),
        source=_address(native),
        source_port=number(native, "IpPort"),
    )


def _address(native: Native) -> str:
    found = canonical_address(text(native, "IpAddress"))
    return "" if found in {"::1", "127.0.0.1"} else found


_SECURITY: Final[dict[str, Callable[[Native], Actor]]] = {
    "4688": _started,
    "5156": _platform,
    "5157": _platform,
    "5158": _platform,
    "4768": _kerberos,
    "4769": _kerberos,
    "4770": _kerberos,
    "4771": _kerberos,
    "4776": _validated,
    "4624": _logged_on,
    "4634": _logged_on,
    "4672": _logged_on,
    "4625": _failed,
    "4697": _installed,
    "4698": _scheduled,
    "4702": _scheduled,
}

_ACCOUNT_FIELDS: Final = ("Subject", "Target")
_USER_FIELDS: Final = ("User", "SourceUser", "TargetUser", "ParentUser")
_HOST_FIELDS: Final = ("Workstation", "WorkstationName", "TargetServerName", "DestinationHostname")


def mentions_of(native: Native) -> tuple[Mention, ...]:
    """Return the hosts and accounts that the event names, whatever they did."""
    hosts = {canonical_host(text(native, name)) for name in ("Hostname", "Computer", *_HOST_FIELDS)}
    accounts = {account(native, prefix) for prefix in _ACCOUNT_FIELDS}
    accounts |= {
        canonical_account(*pair.split("\\", 1)) for name in _USER_FIELDS if "\\" in (pair := text(native, name))
    }
    accounts.add(canonical_account(text(native, "Domain"), text(native, "AccountName")))
    found = [Mention("host", name) for name in hosts if name and not canonical_address(name)]
    found += [Mention("account", name) for name in accounts if name and not name.startswith("\\")]
    return tuple(sorted(found, key=lambda mention: (mention.kind, mention.name)))
