"""What notify remembers: one thread per incident, and in it what people were told and what is on its way to them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.entity import Authority, Role
from schemas.hold import Hold, HoldState
from schemas.incident import Incident

MOST_PARTIES = 40
MOST_MOMENTS = 12
CLOSED_STATUS = frozenset({4, 5})


class Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of what stands in the ledger: values, as JSON."""


class PartyNote(Value, frozen=True):
    """One entity of an incident."""

    type: str
    id: str
    role: str
    why: str


class MomentNote(Value, frozen=True):
    """One line of an incident's story."""

    time: int
    title: str
    entity: str


class Gist(Value, frozen=True):
    """What notify keeps of one version of an incident."""

    version: int
    severity: int
    authority: str
    story: str
    started: int
    closed: bool = False
    merged_into: str | None = None
    parties: tuple[PartyNote, ...] = ()
    moments: tuple[MomentNote, ...] = ()
    advice: tuple[str, ...] = ()


class HoldNote(Value, frozen=True):
    """What notify keeps of one hold."""

    uid: str
    control: str
    type: str
    id: str
    state: str
    reason: str
    created: int
    until: int | None = None


class Face(Value, frozen=True):
    """What matters to a human about an incident: a message is due when it differs from what was told."""

    severity: int = 0
    authority: str = Authority.NONE
    closed: bool = False
    merged_into: str | None = None
    adopted: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    holds: tuple[tuple[str, str], ...] = ()


class Delivery(Value, frozen=True):
    """One version of a message on its way through one contact's channel. ``due`` is when it may be tried (again)."""

    uid: str
    contact: str
    channel: str
    sequence: int
    cause: str
    reason: str
    text: str
    title: str
    content: str
    content_type: str
    queued: int
    due: int
    attempts: int = 0
    sent: bool = False


class Thread(Value, frozen=True):
    """One incident as notify sees it. ``due`` is when it must be decided whether people are told.

    ``burst`` is when the present burst of changes began; ``sequence`` counts the messages so far, ``suppressed``
    the decisions to send none, ``silence`` is the reason of the last of these; ``touched`` is when something was recorded.
    """

    uid: str
    opened: int
    touched: int
    gist: Gist | None = None
    holds: Mapping[str, HoldNote] = {}
    adopted: tuple[str, ...] = ()
    due: int | None = None
    burst: int | None = None
    told: Face | None = None
    sequence: int = 0
    suppressed: int = 0
    silence: str = ""
    acknowledged_by: str | None = None
    merged_into: str | None = None
    outbox: tuple[Delivery, ...] = ()

    @property
    def wakes(self) -> int | None:
        """When this thread next wants attention."""
        waiting = [delivery.due for delivery in heads(self) if not delivery.sent]
        return min(waiting if self.due is None else [*waiting, self.due], default=None)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is expected of it."""
        done = self.merged_into is not None or (self.gist is not None and self.gist.closed)
        return done and self.due is None and not self.outbox


class State(msgspec.Struct):
    """One tenant's threads; ``wakes`` holds those that wait for an instant, ``open`` whose delivery is whose."""

    tenant: str
    threads: dict[str, Thread] = {}
    wakes: dict[str, int] = {}
    open: dict[str, str] = {}

    def put(self, thread: Thread) -> None:
        """Replace a thread, and keep the indexes."""
        before = self.threads.get(thread.uid)
        for delivery in before.outbox if before else ():
            self.open.pop(delivery.uid, None)
        for delivery in thread.outbox:
            self.open[delivery.uid] = thread.uid
        self.threads[thread.uid] = thread
        if thread.wakes is None:
            self.wakes.pop(thread.uid, None)
        else:
            self.wakes[thread.uid] = thread.wakes

    def drop(self, uid: str) -> None:
        """Forget a thread."""
        for delivery in self.threads.pop(uid).outbox:
            self.open.pop(delivery.uid, None)
        self.wakes.pop(uid, None)


def heads(thread: Thread) -> tuple[Delivery, ...]:
    """Return, per contact, the delivery whose turn it is: one contact gets the versions of a message in order."""
    first: dict[str, Delivery] = {}
    for delivery in thread.outbox:
        first.setdefault(delivery.contact, delivery)
    return tuple(first.values())


def gist_of(incident: Incident) -> Gist:
    """Return what notify keeps of ``incident``."""
    detail = incident.detail
    ranked = sorted(detail.entities, key=lambda one: (_RANK[one.role], one.since, one.type, one.id))
    return Gist(
        version=detail.version,
        severity=incident.severity_id,
        authority=detail.authority.value,
        story=incident.desc,
        started=incident.start_time,
        closed=incident.status_id in CLOSED_STATUS,
        merged_into=detail.merged_into,
        parties=tuple(PartyNote(one.type, one.id, one.role, one.why) for one in ranked[:MOST_PARTIES]),
        moments=tuple(MomentNote(item.time, item.title, item.entity) for item in detail.timeline[:MOST_MOMENTS]),
        advice=detail.advice,
    )


def note_of(hold: Hold) -> HoldNote:
    """Return what notify keeps of ``hold``."""
    return HoldNote(
        uid=hold.uid,
        control=hold.control.value,
        type=hold.target.type.value,
        id=hold.target.id,
        state=hold.state.value,
        reason=hold.reason,
        created=hold.created_at,
        until=hold.expires_at,
    )


def face_of(thread: Thread) -> Face:
    """Return what matters to a human about ``thread`` as it is now."""
    gist = thread.gist
    return Face(
        severity=gist.severity if gist else 0,
        authority=gist.authority if gist else Authority.NONE.value,
        closed=gist.closed if gist else False,
        merged_into=thread.merged_into,
        adopted=thread.adopted,
        taken=_taken(gist) if gist else (),
        holds=tuple(sorted((note.uid, note.state) for note in thread.holds.values())),
    )


def plain_json(value: Value) -> dict[str, Any]:
    """Return ``value`` as it stands in the ledger."""
    data: dict[str, Any] = msgspec.to_builtins(value)
    return data


def is_final(note: HoldNote) -> bool:
    """Whether nothing that comes later can change the hold."""
    return note.state == HoldState.RELEASED.value


def _taken(gist: Gist) -> tuple[str, ...]:
    taken = (party for party in gist.parties if party.role == Role.ATTACKER_CONTROLLED.value)
    return tuple(sorted(f"{party.type} {party.id}" for party in taken))


_RANK = {role: number for number, role in enumerate(Role)}
