"""How one kind of Windows event is mapped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.ocsf.classes import OcsfClass, head_of
from services.ingest.windows.objects import Get

Parts = dict[str, Any]
Mapper = Callable[[Get], Parts]

SUBJECT: Final = ("SubjectDomainName", "SubjectUserName")
TARGET: Final = ("TargetDomainName", "TargetUserName")
SECURITY_ACCOUNTS: Final = (SUBJECT, TARGET)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its class and activity, the mapper of its fields, and which native fields name entities.

    A mapper may override the activity by setting ``activity_id``; fields that come back as None are left out.
    """

    head: Mapping[str, Any]
    parts: Mapper
    accounts: Sequence[tuple[str, str]] = field(default=SECURITY_ACCOUNTS)
    addresses: Sequence[str] = ()
    hosts: Sequence[str] = ()


def kind_of(
    class_uid: OcsfClass,
    activity_id: int,
    parts: Mapper,
    accounts: Sequence[tuple[str, str]] = SECURITY_ACCOUNTS,
    addresses: Sequence[str] = (),
    *,
    hosts: Sequence[str] = (),
    severity_id: int = 1,
) -> Kind:
    """Return the kind of that class and activity."""
    return Kind(head_of(class_uid, activity_id, severity_id), parts, accounts, addresses, hosts)


def under(channel: str, kinds: Mapping[int | tuple[int, ...], Kind]) -> dict[str, Kind]:
    """Return ``kinds`` by their route, ``channel/event id`` in lower case."""
    return {
        f"{channel.lower()}/{event_id}": kind
        for ids, kind in kinds.items()
        for event_id in (ids if isinstance(ids, tuple) else (ids,))
    }
