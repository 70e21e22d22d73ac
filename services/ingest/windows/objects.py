"""OCSF objects out of the fields that Windows events repeat. What is unknown comes back as None."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from schemas.ocsf.objects import Actor, Device, Endpoint, File, Fingerprint, Process, User
from services.ingest.values import address_id, number_of, port_of, text_of

Get = Callable[[str], Any]
"""``native.get``: every mapper reads its fields through it."""

_SHORT: Final = 300
_ALGORITHMS: Final = {"MD5": 1, "SHA1": 2, "SHA256": 3, "IMPHASH": 18, "SHA512": 4}
_INTEGRITY: Final = {
    "untrusted": 1, "low": 2, "medium": 3, "high": 4, "system": 5, "protected": 6,
    "s-1-16-0": 1, "s-1-16-4096": 2, "s-1-16-8192": 3, "s-1-16-12288": 4, "s-1-16-16384": 5,
}  # fmt: skip


def base_name(path: str) -> str:
    """Return the last part of a Windows path; the path itself where that is empty."""
    return path[path.rfind("\\") + 1 :] or path


def file_of(path: object, type_id: int = 1) -> File | None:
    """Return the file at ``path``."""
    if type(path) is not str or not path or path == "-":
        return None
    return _file(path, type_id) if len(path) <= _SHORT else _file.__wrapped__(path, type_id)


def process_of(pid: object, uid: object, path: object, cmd_line: object = None) -> Process | None:
    """Return a process; it needs its pid or its guid to be one."""
    process: Process = {}
    found = number_of(pid)
    if found is not None:
        process["pid"] = found
    if type(uid) is str and len(uid) > 1:
        process["uid"] = uid
    if not process:
        return None
    file = file_of(path)
    if file is not None:
        process["name"] = file["name"]
        process["file"] = file
    if type(cmd_line) is str and cmd_line:
        process["cmd_line"] = cmd_line
    return process


def user_of(domain: object, name: object, sid: object = None) -> User | None:
    """Return an account; it needs a name or a SID to be one."""
    if type(name) is not str or len(name) > _SHORT or name == "-":
        name = ""
    if type(domain) is not str or len(domain) > _SHORT or domain == "-":
        domain = ""
    if type(sid) is not str or len(sid) > _SHORT or sid in ("-", "S-1-0-0"):
        sid = ""
    return _user(domain, name, sid) if name or sid else None


def user_named(user: object, sid: object = None) -> User | None:
    r"""Return the account written as ``DOMAIN\name``."""
    if type(user) is not str or not user:
        return user_of(None, None, sid)
    domain, slash, name = user.partition("\\")
    return user_of(domain, name, sid) if slash else user_of("", domain, sid)


def actor_of(process: Process | None, user: User | None, session: object = None) -> Actor | None:
    """Return who did it, as far as known; ``session`` is a logon id."""
    actor: Actor = {}
    if process is not None:
        actor["process"] = process
    if user is not None:
        actor["user"] = user
    if actor and type(session) is str and session not in ("-", "0x0"):
        actor["session"] = {"uid": session}
    return actor or None


def endpoint_of(ip: object = None, port: object = None, hostname: object = None) -> Endpoint | None:
    """Return one side of a connection; it needs an address or a name to be one."""
    endpoint: Endpoint = {}
    address = address_id(ip)
    if address:
        endpoint["ip"] = address
    name = text_of(hostname)
    if name is not None:
        endpoint["hostname"] = name.lstrip("\\")
    if not endpoint:
        return None
    found = port_of(port)
    if found is not None:
        endpoint["port"] = found
    return endpoint


@lru_cache(maxsize=4096)
def device_of(hostname: str) -> Device:
    """Return the machine that wrote the event."""
    return {"hostname": hostname, "type_id": 0}


def hashes_of(text: object) -> list[Fingerprint] | None:
    """Return the fingerprints of Sysmon's ``MD5=...,SHA256=...``."""
    if type(text) is not str or "=" not in text or len(text) > 1000:
        return None
    pairs = (part.partition("=") for part in text.split(","))
    return [{"algorithm_id": _ALGORITHMS.get(name, 99), "value": value} for name, _, value in pairs if value]


def integrity_of(level: object) -> int:
    """Return OCSF's number of an integrity level or of its SID."""
    return _INTEGRITY.get(level.lower(), 99) if type(level) is str else 0


@lru_cache(maxsize=16_384)
def _file(path: str, type_id: int) -> File:
    return {"name": base_name(path), "path": path, "type_id": type_id}


@lru_cache(maxsize=16_384)
def _user(domain: str, name: str, sid: str) -> User:
    user: User = {}
    if name:
        user["name"] = name
    if domain:
        user["domain"] = domain
    if sid:
        user["uid"] = sid
    return user
