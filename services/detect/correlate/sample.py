"""Facts in few words, for the examples of the rules: one host, one person, one minute."""

from typing import Any

from schemas.fact import (
    Command,
    Connection,
    CredentialAccess,
    CredentialUsed,
    FileWritten,
    PrincipalChanged,
    ProcessRef,
    ProcessStarted,
    RemoteThread,
    ServiceMade,
    SessionOpened,
)

HOST, OTHER, PERSON, SYSTEM = "WKS1", "SRV1", "CORP\\eve", "NT AUTHORITY\\system"
HERE, THERE, OUTSIDE = "10.0.0.1", "10.0.0.2", "203.0.113.9"
POWERSHELL = "\\windows\\system32\\windowspowershell\\v1.0\\powershell.exe"
CMD = "\\windows\\system32\\cmd.exe"
DOWNLOADED = "\\users\\eve\\downloads\\invoice.exe"
SVCHOST = "\\windows\\system32\\svchost.exe"
EXPLORER = "\\windows\\explorer.exe"
INSTALLED = "\\program files\\vendor\\agent.exe"
HIDDEN = Command(text="powershell -w hidden -enc ...", digest="1", encoded=True, hidden=True)
PLAIN = Command(text="powershell", digest="2")


def ref(image: str, pid: int) -> ProcessRef:
    """Return a process of ``image``; its guid follows from the pid."""
    return ProcessRef(guid=f"guid-{pid}", pid=pid, image=image)


def _at(second: int, host: str, what: str) -> dict[str, Any]:
    return {"time": second * 1000, "host": host, "event": f"{what}-{host}-{second}"}


def started(
    image: str,
    pid: int = 100,
    *,
    second: int = 10,
    parent: ProcessRef | None = None,
    command: Command = PLAIN,
    user: str = PERSON,
    session: str = "0x51",
    integrity: str = "medium",
    host: str = HOST,
) -> ProcessStarted:
    """Return a start; its parent is the desktop where none is named."""
    return ProcessStarted(
        **_at(second, host, f"start{pid}"), process=ref(image, pid), command=command, user=user, session=session,
        integrity=integrity, parent=parent or ref(EXPLORER, 50),
    )  # fmt: skip


def connected(
    image: str,
    pid: int,
    to: str,
    port: int,
    *,
    second: int = 11,
    host: str = HOST,
    source: str = HERE,
    source_port: int = 50_000,
) -> Connection:
    """Return an outbound connection."""
    return Connection(
        **_at(second, host, f"connect{to}{port}"), process=ref(image, pid), user=PERSON, source=source, source_port=source_port,
        destination=to, destination_port=port,
    )  # fmt: skip


def logged_on(host: str = OTHER, session: str = "0x77", *, second: int = 12, port: int = 50_000) -> SessionOpened:
    """Return a network session of the person, from the first host's client port."""
    return SessionOpened(
        **_at(second, host, "logon"), session=session, account=PERSON, kind="network", client=HERE, client_port=port
    )


def written(path: str, writer: ProcessRef, *origins: str, second: int = 5) -> FileWritten:
    """Return a file that was written; marked where it has origins."""
    return FileWritten(**_at(second, HOST, "file"), process=writer, path=path, marked=bool(origins), origins=origins)


def injected(source: ProcessRef, target: ProcessRef) -> RemoteThread:
    """Return a thread that starts in no module of the target."""
    return RemoteThread(**_at(20, HOST, "thread"), process=source, target=target, unbacked=True)


def lsass_opened(reader: ProcessRef, *, unbacked: bool) -> CredentialAccess:
    """Return LSASS opened for reading."""
    return CredentialAccess(**_at(21, HOST, "lsass"), process=reader, rights=0x1010, unbacked=unbacked)


def made(command: str, form: str = "service") -> ServiceMade:
    """Return a service or task with this command."""
    what = Command(text=command, digest=command, tail=command.lower()[-48:])
    return ServiceMade(**_at(22, HOST, form), name="updater", form=form, command=what)  # type: ignore[arg-type] # of two


def failed(account: str, second: int, client: str = OUTSIDE) -> CredentialUsed:
    """Return a logon that failed."""
    return CredentialUsed(**_at(second, HOST, f"fail{account}"), method="failure", account=account, client=client)


def ticket(service: str, second: int, *, weak: bool) -> CredentialUsed:
    """Return a service ticket that the person was given."""
    return CredentialUsed(
        **_at(second, OTHER, f"ticket{service}"),
        method="ticket",
        account=PERSON,
        client=HERE,
        service=service,
        weak=weak,
    )


def replicated(actor: str) -> CredentialUsed:
    """Return directory secrets that ``actor`` asked for."""
    return CredentialUsed(**_at(23, OTHER, "replication"), method="replication", actor=actor, session="0x99")


def explicit(account: str, user: ProcessRef) -> CredentialUsed:
    """Return other credentials that a process used."""
    return CredentialUsed(**_at(24, HOST, "explicit"), method="explicit", actor=PERSON, account=account, process=user)


def account_created(session: str) -> PrincipalChanged:
    """Return an account that was created in a session of the other host."""
    return PrincipalChanged(**_at(25, OTHER, "created"), account="SRV1\\helper", actor=PERSON, session=session)
