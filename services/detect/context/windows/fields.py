"""How the fields of a native Windows event are read: numbers in two bases, paths without drives, dashes as nothing."""

import re
from collections.abc import Mapping
from typing import Any

from schemas.entity import canonical_account, canonical_address, canonical_host
from schemas.fact import ProcessRef

Native = Mapping[str, Any]

_DEVICE = re.compile(r"^(?:\\\\\?\\|\\\?\?\\)?(?:\\?device\\harddiskvolume\d+|[a-z]:)", re.IGNORECASE)
_LOCAL = frozenset({"::1", "127.0.0.1", "0.0.0.0", "::"})  # noqa: S104 - compared with, never bound


def text(native: Native, *names: str) -> str:
    """Return the first of the fields that holds text; `""` and `-` are no text."""
    for name in names:
        value = native.get(name)
        if isinstance(value, str) and value not in {"", "-"}:
            return value
    return ""


def number(native: Native, *names: str) -> int:
    """Return the first of the fields that is given, as a number: `0x1f4`, `500` and 500 alike; else 0."""
    for name in names:
        value = native.get(name)
        if value not in (None, "", "-"):
            return _number(value)
    return 0


def _number(value: object) -> int:
    if isinstance(value, int):
        return value
    try:
        return int(str(value), 0)
    except ValueError:
        return 0


def host_of(native: Native) -> str:
    """Return the canonical name of the host that the event happened on."""
    return canonical_host(text(native, "Hostname", "Computer"))


def path(native: Native, *names: str) -> str:
    """Return a file path in lower case, without its drive or device."""
    return _DEVICE.sub("", text(native, *names).strip('"')).lower()


def address(native: Native, *names: str) -> str:
    """Return the canonical address of a field; `""` for none, the host's own loopback and the unspecified one."""
    found = canonical_address(text(native, *names))
    return "" if found in _LOCAL else found


def logon_id(native: Native, *names: str) -> str:
    """Return a logon id in lower case hexadecimal; `""` where it is zero or absent."""
    found = number(native, *names)
    return hex(found) if found else ""


def account(native: Native, prefix: str) -> str:
    """Return the canonical account of the fields ``<prefix>DomainName`` and ``<prefix>UserName``."""
    return canonical_account(text(native, f"{prefix}DomainName"), text(native, f"{prefix}UserName"))


def account_in(native: Native, *names: str) -> str:
    r"""Return the canonical account of a field of the form ``DOMAIN\name``; `""` where it has no domain."""
    domain, separator, name = text(native, *names).partition("\\")
    return canonical_account(domain, name) if separator else ""


def process(native: Native, image: str = "Image") -> ProcessRef:
    """Return the process that Sysmon's own fields name."""
    return ProcessRef(
        guid=text(native, "ProcessGuid").lower(), pid=number(native, "ProcessId"), image=path(native, image)
    )


def caller(native: Native) -> ProcessRef:
    """Return the process that a Security event names as the caller; the system's own pid 4 and none give nothing."""
    return ProcessRef(pid=number(native, "ProcessId"), image=path(native, "ProcessName"))
