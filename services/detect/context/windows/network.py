"""Connections and names: Sysmon 3, 22; Security 5156, 5140."""

from typing import Final

from schemas.entity import canonical_address
from schemas.fact import Connection, Fact, NameResolved, ProcessRef, ShareOpened
from services.detect.context.windows.fields import (
    Native,
    account,
    account_in,
    address,
    host_of,
    logon_id,
    number,
    path,
    process,
    text,
)

_OUTBOUND: Final = "%%14593"


def sysmon_connection(native: Native, time: int, event: str) -> Fact:
    """Sysmon 3: a connection; ``Initiated`` says who opened it."""
    return Connection(
        time=time,
        host=host_of(native),
        event=event,
        process=process(native),
        user=account_in(native, "User"),
        outbound=str(native.get("Initiated")).lower() == "true",
        source=address(native, "SourceIp"),
        source_port=number(native, "SourcePort"),
        destination=address(native, "DestinationIp"),
        destination_port=number(native, "DestinationPort"),
    )


def platform_connection(native: Native, time: int, event: str) -> Fact:
    """Security 5156: the filtering platform let a connection pass."""
    return Connection(
        time=time,
        host=host_of(native),
        event=event,
        process=ProcessRef(pid=number(native, "ProcessId", "ProcessID"), image=path(native, "Application")),
        outbound=text(native, "Direction") == _OUTBOUND,
        source=address(native, "SourceAddress"),
        source_port=number(native, "SourcePort"),
        destination=address(native, "DestAddress"),
        destination_port=number(native, "DestPort"),
    )


def name_resolved(native: Native, time: int, event: str) -> Fact | None:
    """Sysmon 22: a name was resolved; an answer without addresses is no fact."""
    answers = (canonical_address(part) for part in text(native, "QueryResults").split(";"))
    addresses = tuple(sorted({answer for answer in answers if answer}))
    if not addresses:
        return None
    return NameResolved(
        time=time, host=host_of(native), event=event, name=text(native, "QueryName").lower(), addresses=addresses
    )


def share_opened(native: Native, time: int, event: str) -> Fact:
    """Security 5140: a session opened a share; its address stands in for a 4624 that carries none."""
    return ShareOpened(
        time=time,
        host=host_of(native),
        event=event,
        session=logon_id(native, "SubjectLogonId"),
        account=account(native, "Subject"),
        client=address(native, "IpAddress"),
        client_port=number(native, "IpPort"),
    )
