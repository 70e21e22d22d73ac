"""OCSF 1.8.0 objects, as far as ingest fills them. Every field is optional; what is unknown is left out, never null."""

from typing import Any, TypedDict


class Observable(TypedDict):
    """A value to pivot on. ``type_id``: 1 hostname, 2 address, 4 account, 19 credential; ``value`` is canonical."""

    name: str
    type_id: int
    value: str


HOST, ADDRESS, ACCOUNT, CREDENTIAL = 1, 2, 4, 19


class Fingerprint(TypedDict, total=False):
    """A hash."""

    algorithm_id: int
    value: str


class File(TypedDict, total=False):
    """A file, pipe or device."""

    name: str
    path: str
    type_id: int
    hashes: list[Fingerprint]
    product: dict[str, str]
    company_name: str
    desc: str
    internal_name: str
    version: str
    created_time: int


class User(TypedDict, total=False):
    """An account."""

    name: str
    domain: str
    uid: str
    type: str
    type_id: int
    credential_uid: str
    account: dict[str, str]
    groups: list[dict[str, str]]


class Session(TypedDict, total=False):
    """A logon session."""

    uid: str
    uid_alt: str
    uuid: str
    issuer: str
    is_remote: bool
    created_time: int
    is_mfa: bool
    terminal: str


class Process(TypedDict, total=False):
    """A process."""

    pid: int
    tid: int
    uid: str
    name: str
    path: str
    cmd_line: str
    working_directory: str
    integrity: str
    integrity_id: int
    file: File
    user: User
    session: Session
    parent_process: "Process"


class Actor(TypedDict, total=False):
    """Who did it."""

    process: Process
    user: User
    session: Session
    app_name: str
    invoked_by: str


class Endpoint(TypedDict, total=False):
    """One side of a connection."""

    ip: str
    port: int
    hostname: str
    name: str
    svc_name: str
    domain: str


class Device(TypedDict, total=False):
    """The machine that the event is about."""

    hostname: str
    name: str
    ip: str
    type_id: int
    domain: str


class Metadata(TypedDict, total=False):
    """Where the event comes from. ``labels`` says which time became event time: ``time:sensor``."""

    version: str
    product: dict[str, str]
    uid: str
    tenant_uid: str
    event_code: str
    log_name: str
    log_provider: str
    log_level: str
    original_time: str
    original_event_uid: str
    logged_time: int
    correlation_uid: str
    labels: list[str]
    profiles: list[str]


Event = dict[str, Any]
"""An OCSF event; which fields it holds depends on its class, so the contract suite checks it, not the type."""
