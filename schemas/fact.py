r"""Facts: what correlation must know of events that no rule fired on. One fact is one JSON object, tagged by ``fact``.

Facts carry no tenant: the topic's key and the message do. ``time`` is event time in epoch milliseconds, ``host`` the
canonical name of the host that the event happened on, ``event`` the event's uid. Image and file paths are lower case
and without their drive, so that sensors that write `C:\` and those that write `\Device\HarddiskVolume2\` agree.
The same types serve Linux, network and cloud sources: a role session is a session, a key that is used a credential.
"""

from typing import Final, Literal

import msgspec


class ProcessRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one sensor calls a process: any of a guid, a process id, and the image's path."""

    guid: str = ""
    pid: int = 0
    image: str = ""


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """A command line: what correlation needs of it, however long it was."""

    text: str = ""
    digest: str = ""
    tail: str = ""
    encoded: bool = False
    hidden: bool = False


NO_PROCESS: Final = ProcessRef()
NO_COMMAND: Final = Command()


class _Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="fact"):
    time: int
    host: str
    event: str


class ProcessStarted(_Fact, frozen=True, kw_only=True, tag="process_started"):
    """A process began. ``session`` is the logon id of its token, ``integrity`` `low` ... `system`."""

    process: ProcessRef
    command: Command = NO_COMMAND
    user: str = ""
    session: str = ""
    integrity: str = ""
    parent: ProcessRef = NO_PROCESS
    parent_command: Command = NO_COMMAND
    parent_user: str = ""


class ProcessEnded(_Fact, frozen=True, kw_only=True, tag="process_ended"):
    """A process is gone."""

    process: ProcessRef


class Connection(_Fact, frozen=True, kw_only=True, tag="connection"):
    """A process opened (``outbound``) or took a connection. Addresses are canonical; `""` where none was given."""

    process: ProcessRef
    user: str = ""
    outbound: bool = True
    source: str = ""
    source_port: int = 0
    destination: str = ""
    destination_port: int = 0


class SessionOpened(_Fact, frozen=True, kw_only=True, tag="session_opened"):
    """An account logged on. ``kind`` is Windows's logon type by name; ``client`` and ``client_port`` say from where."""

    session: str
    account: str
    kind: Literal["interactive", "network", "remote_interactive", "service", "batch", "explicit", "other"] = "other"
    client: str = ""
    client_port: int = 0
    elevated: bool = False
    process: ProcessRef = NO_PROCESS


class CredentialUsed(_Fact, frozen=True, kw_only=True, tag="credential_used"):
    """A credential was tried or used.

    ``method``: `failure` (a logon that failed), `ticket` (a service ticket was issued), `granting` (a ticket-granting
    one), `explicit` (other credentials than the session's own), `replication` (directory secrets were asked for).
    ``account`` is whose credential it is, ``actor`` and ``session`` who used it, ``workstation`` and ``client`` from
    where. ``weak`` says that the ticket's cipher can be broken offline.
    """

    method: Literal["failure", "ticket", "granting", "explicit", "replication"]
    account: str = ""
    actor: str = ""
    session: str = ""
    process: ProcessRef = NO_PROCESS
    workstation: str = ""
    client: str = ""
    service: str = ""
    weak: bool = False


class ServiceMade(_Fact, frozen=True, kw_only=True, tag="service_made"):
    """A service or scheduled task was made, or its command changed. ``client`` is the process that asked for it."""

    name: str
    form: Literal["service", "task"] = "service"
    command: Command = NO_COMMAND
    account: str = ""
    session: str = ""
    client: ProcessRef = NO_PROCESS


class FileWritten(_Fact, frozen=True, kw_only=True, tag="file_written"):
    """A process wrote an executable, a script or a dump. ``marked``: it bears the mark of the web, from ``origins``."""

    process: ProcessRef
    path: str
    user: str = ""
    marked: bool = False
    origins: tuple[str, ...] = ()


class CredentialAccess(_Fact, frozen=True, kw_only=True, tag="credential_access"):
    """A process opened the process that keeps credentials, with the right to read its memory."""

    process: ProcessRef
    user: str = ""
    target: str = ""
    rights: int = 0
    unbacked: bool = False


class RemoteThread(_Fact, frozen=True, kw_only=True, tag="remote_thread"):
    """A process started a thread in another one; ``unbacked`` where no module holds the thread's start."""

    process: ProcessRef
    target: ProcessRef
    user: str = ""
    unbacked: bool = False


class NameResolved(_Fact, frozen=True, kw_only=True, tag="name_resolved"):
    """A name was resolved to ``addresses`` on this host."""

    name: str
    addresses: tuple[str, ...]


class PrincipalChanged(_Fact, frozen=True, kw_only=True, tag="principal_changed"):
    """An account was created, or added to a group, by ``actor`` in ``session``."""

    account: str
    change: Literal["created", "grouped"] = "created"
    actor: str = ""
    session: str = ""


class ShareOpened(_Fact, frozen=True, kw_only=True, tag="share_opened"):
    """A session opened a network share, from ``client`` and ``client_port``."""

    session: str
    account: str
    client: str = ""
    client_port: int = 0


class ScriptHostStarted(_Fact, frozen=True, kw_only=True, tag="script_host_started"):
    """A script engine runs in a process: which one, for whom, and how it was called."""

    process: ProcessRef
    user: str = ""
    command: Command = NO_COMMAND


Fact = (
    ProcessStarted
    | ProcessEnded
    | Connection
    | SessionOpened
    | CredentialUsed
    | ServiceMade
    | FileWritten
    | CredentialAccess
    | RemoteThread
    | NameResolved
    | PrincipalChanged
    | ShareOpened
    | ScriptHostStarted
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def encode(fact: Fact) -> bytes:
    """Return ``fact`` as the topic ``facts`` carries it."""
    return _encoder.encode(fact)


def decode(value: bytes) -> Fact:
    """Return the fact that ``value`` holds.

    Raises:
        ValueError: it holds none (msgspec's errors are ValueErrors).
    """
    return _decoder.decode(value)
