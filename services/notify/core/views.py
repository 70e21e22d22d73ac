"""What a message says: a view of one thread."""

from itertools import groupby

from schemas.control import VOCABULARY, Control
from schemas.entity import EntityType, Role
from schemas.hold import HoldState
from schemas.notification import Cause
from services.notify.core.state import HoldNote, MomentNote, PartyNote, Thread
from services.notify.ports import Measure, Moment, Party, View

_CONTROLLABLE = frozenset(vocabulary.target.value for vocabulary in VOCABULARY.values())
_UNTOUCHED = frozenset({HoldState.DENIED.value})


def view_of(thread: Thread, tenant: str, cause: Cause, change: str, now: int) -> View:
    """Return all that the next message of ``thread`` says."""
    gist = thread.gist
    held = {(note.type, note.id) for note in thread.holds.values() if note.state not in _UNTOUCHED}
    parties = gist.parties if gist else ()
    return View(
        tenant=tenant,
        incident=thread.uid,
        sequence=thread.sequence,
        cause=cause,
        change=change,
        severity=gist.severity if gist else 0,
        story=gist.story if gist else "containment was ordered for an incident whose description has not arrived",
        started=gist.started if gist else None,
        at=now,
        moments=_moments(gist.moments) if gist else (),
        parties=tuple(
            _party(one) for one in parties if one.role == Role.ATTACKER_CONTROLLED.value or _key(one) in held
        ),
        measures=tuple(_measure(note) for note in _in_order(thread) if note.state not in _UNTOUCHED),
        spared=tuple(
            _spared(one, thread)
            for one in sorted(parties, key=_how_telling)
            if one.type in _CONTROLLABLE and _key(one) not in held
        ),
        advice=gist.advice if gist else (),
        acknowledged_by=thread.acknowledged_by,
        merged_into=thread.merged_into,
        closed=gist.closed if gist else False,
    )


def _moments(notes: tuple[MomentNote, ...]) -> tuple[Moment, ...]:
    """Return the story's lines; a line that only repeats the one before is left out."""
    lines = [next(same) for _, same in groupby(notes, key=lambda one: (one.title, one.entity))]
    return tuple(Moment(one.time, one.title, one.entity) for one in lines)


def _how_telling(note: PartyNote) -> tuple[bool, bool]:
    """Return what puts people's own machines before infrastructure, and machines before accounts."""
    return note.role == Role.INFRASTRUCTURE.value, note.type != EntityType.HOST.value


def _in_order(thread: Thread) -> list[HoldNote]:
    return sorted(thread.holds.values(), key=lambda note: (note.created, note.uid))


def _key(party: PartyNote) -> tuple[str, str]:
    return party.type, party.id


def _party(note: PartyNote) -> Party:
    return Party(EntityType(note.type), note.id, Role(note.role), note.why)


def _spared(note: PartyNote, thread: Thread) -> Party:
    """Return the entity with the guard's reason where one refused, else with the reason of its role."""
    denied = (hold.reason for hold in _in_order(thread) if (hold.type, hold.id) == _key(note))
    return Party(EntityType(note.type), note.id, Role(note.role), next(denied, note.why))


def _measure(note: HoldNote) -> Measure:
    return Measure(
        uid=note.uid,
        control=Control(note.control),
        type=EntityType(note.type),
        id=note.id,
        state=HoldState(note.state),
        reason=note.reason,
        until=note.until,
    )
