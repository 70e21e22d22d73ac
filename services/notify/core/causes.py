"""Why a message is sent: what changed between what people were told and what is true now."""

from collections.abc import Iterator, Mapping

from schemas.control import Control
from schemas.entity import Authority
from schemas.hold import HoldState
from schemas.notification import Cause
from services.notify.core.state import Face, Thread
from services.notify.text import DONE, STATE_WORDS

_AUTHORITY = {authority.value: rank for rank, authority in enumerate(Authority)}
_BY_STATE: Mapping[str, Cause] = {
    HoldState.INEFFECTIVE.value: "ineffective",
    HoldState.MANUAL.value: "ineffective",
    HoldState.VERIFIED.value: "contained",
    HoldState.ACTIVE.value: "contained",
    HoldState.AWAITING_APPROVAL.value: "proposed",
    HoldState.OBSERVED.value: "proposed",
    HoldState.RELEASED.value: "released",
}
_ORDER: tuple[Cause, ...] = (
    "merged",
    "closed",
    "ineffective",
    "contained",
    "proposed",
    "released",
    "escalated",
    "none",
)

Change = tuple[Cause, str]


def changes(thread: Thread, face: Face) -> tuple[Change, ...]:
    """Return what differs from what was told, the weightiest first, each with its reason in words."""
    if thread.told is None:
        return (("first", "a new incident"),)
    found = [*_whole(thread.told, face), *_holds(thread, thread.told, face), *_escalation(thread.told, face)]
    return tuple(sorted(found, key=lambda change: _ORDER.index(change[0])))


def in_words(found: tuple[Change, ...], most: int = 4) -> str:
    """Return the reasons as one sentence."""
    words = "; ".join(reason for _, reason in found[:most])
    return f"{words}; and {len(found) - most} more" if len(found) > most else words


def _whole(told: Face, face: Face) -> Iterator[Change]:
    if face.merged_into and not told.merged_into:
        yield "merged", f"this is part of incident {face.merged_into}"
    for younger in sorted(set(face.adopted) - set(told.adopted)):
        yield "merged", f"incident {younger} turned out to be the same story"
    if face.closed and not told.closed:
        yield "closed", "the incident is closed"
    if told.closed and not face.closed:
        yield "escalated", "the incident is open again"


def _holds(thread: Thread, told: Face, face: Face) -> Iterator[Change]:
    before = dict(told.holds)
    for uid, state in face.holds:
        is_news = uid in before or state != HoldState.DENIED.value
        if before.get(uid) != state and is_news:
            note = thread.holds[uid]
            proven, done = state == HoldState.VERIFIED.value, DONE[Control(note.control)]
            words = done if proven else STATE_WORDS[HoldState(state)].format(done=done)
            yield _BY_STATE.get(state, "none"), f"{note.type} {note.id}: {words}"


def _escalation(told: Face, face: Face) -> Iterator[Change]:
    if face.severity > told.severity:
        yield "escalated", "the severity rose"
    if _AUTHORITY[face.authority] > _AUTHORITY[told.authority]:
        yield "escalated", "the evidence now carries a containment"
    for name in sorted(set(face.taken) - set(told.taken)):
        yield "escalated", f"{name} is under the attacker's control"
    if (
        face.severity < told.severity
        or _AUTHORITY[face.authority] < _AUTHORITY[told.authority]
        or set(told.taken) - set(face.taken)
    ):
        yield "none", "the incident looks less grave than before"
