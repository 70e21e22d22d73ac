"""When people are told: at once where it burns, after a short quiet where changes come in bursts."""

from dataclasses import dataclass
from enum import IntEnum

from schemas.hold import HoldState
from schemas.times import HOUR, MINUTE, SECOND
from services.notify.core.state import Face, HoldNote, Thread

URGENT = 4


@dataclass(frozen=True, slots=True)
class Timings:
    """All in milliseconds.

    ``group_wait`` holds the first message of an incident that is not urgent; ``quiet`` and ``longest_burst`` gather changes
    into one update; ``settle`` is how long an unproven containment may wait for its proof; ``digest`` is how long changes
    that no human must know are gathered before one line says that nothing was sent.
    """

    group_wait: int = 30 * SECOND
    quiet: int = SECOND
    longest_burst: int = 10 * SECOND
    settle: int = 30 * SECOND
    digest: int = 5 * MINUTE
    first_pause: int = 5 * SECOND
    longest_pause: int = 15 * MINUTE
    give_up: int = 24 * HOUR


class Haste(IntEnum):
    """How soon a change should reach people."""

    DIGEST = 0
    SETTLE = 1
    GATHER = 2
    QUICK = 3


IN_FLIGHT = frozenset({HoldState.PENDING.value, HoldState.ACTIVE.value})
UNHURRIED = IN_FLIGHT | {HoldState.DENIED.value, HoldState.RELEASED.value}


def haste_of_hold(note: HoldNote, thread: Thread) -> Haste:
    """Return how soon people should know of the hold's new state.

    Bad news and questions come at once. Good news waits a little for the holds that are still under way, so that six
    containments are one update and not six.
    """
    if note.state not in UNHURRIED:
        others = any(one.state in IN_FLIGHT for one in thread.holds.values())
        return Haste.GATHER if others and note.state == HoldState.VERIFIED.value else Haste.QUICK
    known = dict(thread.told.holds) if thread.told else {}
    return Haste.SETTLE if known.get(note.uid) != note.state else Haste.DIGEST


def haste_of_face(told: Face, face: Face) -> Haste:
    """Return how soon people should know of a new version of the incident."""
    rest = ("severity", "authority", "closed", "merged_into", "adopted", "taken")
    return Haste.QUICK if any(getattr(told, name) != getattr(face, name) for name in rest) else Haste.DIGEST


def first_due(thread: Thread, now: int, timings: Timings) -> int:
    """Return when an incident of which nobody was told yet is told: critical, high and contained ones at once.

    Where it was already decided once that nobody is told, the wait begins anew.
    """
    urgent = bool(thread.holds) or (thread.gist is not None and thread.gist.severity >= URGENT)
    if urgent and thread.gist is not None:
        return now
    since = now if thread.suppressed and thread.due is None else thread.opened
    return (since + timings.group_wait) if thread.due is None else min(thread.due, since + timings.group_wait)


def next_due(thread: Thread, haste: Haste, now: int, timings: Timings) -> tuple[int, int | None]:
    """Return when the thread is decided on after a change at ``now``, and when its burst began."""
    if haste >= Haste.GATHER:
        burst = thread.burst if thread.burst is not None else now
        latest = burst + timings.longest_burst
        return (min(now + timings.quiet, latest) if haste is Haste.QUICK else latest), burst
    due = now + (timings.settle if haste is Haste.SETTLE else timings.digest)
    return (due if thread.due is None else min(due, thread.due)), thread.burst


def pause(attempts: int, uid: str, timings: Timings) -> int:
    """Return how long to wait after the ``attempts``-th failure: doubling, spread by up to a tenth, bounded."""
    doubled = min(timings.first_pause << min(attempts - 1, 20), timings.longest_pause)
    return doubled + doubled * (sum(uid.encode()) % 100) // 1_000
