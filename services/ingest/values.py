"""Reading native values that may be of any type, since whoever writes the log chooses them.

What these functions return may be shared between events: treat it as frozen. Only short texts are remembered, so that a
hostile log cannot fill the memory.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from schemas.entity import canonical_account, canonical_address, canonical_host
from schemas.ocsf.objects import ACCOUNT, ADDRESS, HOST, Observable

_REMEMBERED: Final = 300
_CACHE: Final = 16_384
_NOTHING: Final = ("", "-")
MAX_INT: Final = 2**63 - 1


def text_of(value: object) -> str | None:
    """Return a text that says something: no other type, not empty, not the dash that stands for nothing."""
    return value if type(value) is str and value not in _NOTHING else None


def as_text(value: object) -> str | None:
    """Return a text or a number as text; None for anything else and for what says nothing."""
    if type(value) is int or type(value) is float:
        return str(value)
    return text_of(value)


def number_of(value: object) -> int | None:
    """Return a number, one in decimal or ``0x`` text as well; None where it is none that fits 64 bits."""
    if type(value) is int:
        return value if -MAX_INT <= value <= MAX_INT else None
    if type(value) is str and len(value) <= 20:
        return _number(value)
    return None


def port_of(value: object) -> int | None:
    """Return a port, 0 left out."""
    port = number_of(value)
    return port if port is not None and 0 < port <= 65_535 else None


def host_id(name: object) -> str:
    """Return the canonical id of a host, empty where none is named."""
    if type(name) is not str or name in _NOTHING or len(name) > _REMEMBERED:
        return ""
    return _host(name)


def account_id(domain: object, name: object) -> str:
    """Return the canonical id of an account, empty where its name or its domain is missing."""
    if type(name) is not str or len(name) > _REMEMBERED or name in _NOTHING:
        return ""
    if type(domain) is not str or len(domain) > _REMEMBERED or domain in _NOTHING:
        domain = ""
    return _account(domain, name)


def address_id(text: object) -> str:
    """Return the canonical address, empty where the text is none."""
    return _address(text) if type(text) is str and len(text) <= 64 else ""


def compact(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``parts`` without those that are unknown."""
    return {key: value for key, value in parts.items() if value is not None}


def account_seen(name: str, domain: object, account: object) -> Observable | None:
    """Return the observable of an account by its canonical id; None where name or domain is missing."""
    if type(account) is not str or account in _NOTHING:
        return None
    if type(domain) is not str or len(domain) + len(account) > _REMEMBERED:
        return _account_seen.__wrapped__(name, domain, account)
    return _account_seen(name, domain, account)


def address_seen(name: str, text: object) -> Observable | None:
    """Return the observable of an address in its canonical form; None where the text is none."""
    found = address_id(text)
    return _observable(name, ADDRESS, found) if found else None


def host_seen(name: str, text: object) -> Observable | None:
    """Return the observable of a host by its canonical id; None where none is named."""
    found = host_id(text)
    return _observable(name, HOST, found) if found else None


def observable(name: str, type_id: int, value: str) -> Observable:
    """Return an observable of a value that is canonical already."""
    return _observable(name, type_id, value)


@lru_cache(maxsize=_CACHE)
def _account_seen(name: str, domain: object, account: str) -> Observable | None:
    found = account_id(domain, account)
    return _observable(name, ACCOUNT, found) if found else None


@lru_cache(maxsize=_CACHE)
def _observable(name: str, type_id: int, value: str) -> Observable:
    return {"name": name, "type_id": type_id, "value": value}


@lru_cache(maxsize=_CACHE)
def _number(text: str) -> int | None:
    try:
        value = int(text, 16) if text[:2] in ("0x", "0X") else int(text)
    except ValueError:
        return None
    return value if -MAX_INT <= value <= MAX_INT else None


@lru_cache(maxsize=_CACHE)
def _host(name: str) -> str:
    return canonical_host(name)


@lru_cache(maxsize=_CACHE)
def _account(domain: str, name: str) -> str:
    if not domain and "\\" in name:
        domain, _, name = name.partition("\\")
    found = canonical_account(domain, name)
    return "" if found.startswith("\\") or found.endswith("\\") else found


@lru_cache(maxsize=_CACHE)
def _address(text: str) -> str:
    return canonical_address(text)
