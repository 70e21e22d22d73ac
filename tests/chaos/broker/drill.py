"""The broker goes away under load and comes back: what was lost, what was doubled, and how long it took to recover."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from schemas.hold import Hold, HoldState
from schemas.times import SECOND
from tests.chaos.broker.crew import Crew, crew
from tests.chaos.broker.load import AFTER_SECONDS, AWAY_AT, BRIEF, TARGETS, Load, load, tokens
from tests.chaos.broker.seen import asked, dead, event_uids, first_outputs, holds, release
from tests.chaos.broker.shipper import Shipper
from tests.servers.kafka import Broker, running_broker

How = Literal["stop", "kill"]
PATIENCE_SECONDS: Final = 90.0
GLANCE_SECONDS: Final = 0.5
IN_TIME_SECONDS: Final = 15.0
"""A hold whose time was over while the broker was away is released so long after its return at the latest."""


@dataclass
class Verdict:
    """What came of a drill; ``recovered`` in seconds after the broker answered again, None for what did not happen."""

    how: How
    seconds: float
    sent: int
    lost: int = 0
    strange: int = 0
    dead: Sequence[str] = ()
    not_contained: Sequence[str] = ()
    repeated: Sequence[str] = ()
    not_released: Sequence[str] = ()
    late: Sequence[str] = ()
    unwell: Mapping[str, str] = field(default_factory=dict)
    recovered: Mapping[str, float | None] = field(default_factory=dict)
    complaints: Mapping[str, Sequence[object]] = field(default_factory=dict)

    @property
    def wrong(self) -> Mapping[str, object]:
        """What should not be."""
        names = ("lost", "strange", "dead", "not_contained", "repeated", "not_released", "late", "unwell")
        return {name: found for name in names if (found := getattr(self, name))}


def drill(how: How, seconds: float, folder: Path) -> Verdict:
    """Let the broker be away for ``seconds``, and judge."""
    with running_broker() as broker, crew(folder, broker.bootstrap) as at_work:
        return _Drill(how, seconds, broker, at_work, load(seconds, _now())).run()


class _Drill:
    def __init__(self, how: How, seconds: float, broker: Broker, at_work: Crew, plan: Load) -> None:
        self._how = how
        self._seconds = seconds
        self._broker = broker
        self._crew = at_work
        self._load = plan
        self._back = 0

    def run(self) -> Verdict:
        """Ship, take the broker away, bring it back, undo everything; then look."""
        longest = AWAY_AT + self._seconds + AFTER_SECONDS + PATIENCE_SECONDS
        shipper = Shipper(self._crew.door, tokens(), self._load.parcels, longest)
        thread = shipper.start()
        time.sleep(AWAY_AT)
        self._be_away()
        thread.join(longest)
        assert shipper.is_done, f"{len(shipper.accepted)} of {len(self._load.parcels)} parcels were accepted"
        _until(lambda: not self._not_contained())
        _until(self._are_settled)
        held = self._held()
        asked(self._crew.log, lambda log: release(log, held))
        _until(lambda: not self._held())
        return self._verdict(shipper)

    def _be_away(self) -> None:
        gone = time.monotonic()
        self._broker.stop() if self._how == "stop" else self._broker.kill()
        time.sleep(max(0.0, gone + self._seconds - time.monotonic()))
        self._broker.start()
        self._back = _now()

    def _not_contained(self) -> Sequence[str]:
        return sorted(TARGETS - {row["target"] for row in self._crew.transitions() if row["direction"] == "apply"})

    def _holds(self) -> Sequence[Hold]:
        return asked(self._crew.log, holds)

    def _are_settled(self) -> bool:
        return all(hold.state is not HoldState.PENDING for hold in self._holds())

    def _held(self) -> Sequence[Hold]:
        return [hold for hold in self._holds() if hold.state is not HoldState.RELEASED]

    def _verdict(self, shipper: Shipper) -> Verdict:
        found, wanted = asked(self._crew.log, event_uids), self._load.uids
        return Verdict(
            self._how, self._seconds, len(wanted), lost=len(wanted - found), strange=len(found - wanted),
            dead=asked(self._crew.log, dead), not_contained=self._not_contained(), repeated=self._repeated(),
            not_released=[str(hold) for hold in self._held()], late=self._late(), unwell=self._crew.unwell(),
            recovered=self._recovered(shipper), complaints=self._crew.complaints(),
        )  # fmt: skip

    def _repeated(self) -> Sequence[str]:
        return [
            f"{row['operation']} {row['target']}: {row['count']}"
            for row in self._crew.transitions()
            if row["count"] > 1
        ]

    def _late(self) -> Sequence[str]:
        """Holds of the tenant whose holds are brief that nobody released by hand, and that lasted too long."""
        due = [(hold, max(hold.expires_at or 0, self._back) + IN_TIME_SECONDS * SECOND) for hold in self._holds()]
        return [str(hold) for hold, by in due if hold.tenant == BRIEF and (hold.released_at or _now()) > by]

    def _recovered(self, shipper: Shipper) -> Mapping[str, float | None]:
        outputs = asked(self._crew.log, lambda log: first_outputs(log, self._back))
        applied = [at for row in self._crew.transitions() if row["direction"] == "apply" for at in row["times"]]
        firsts = {
            "the door": _first(shipper.accepted, self._back),
            **outputs,
            "containment": _first(applied, self._back),
        }
        return {what: None if at is None else (at - self._back) / SECOND for what, at in firsts.items()}


def _first(instants: Sequence[int], since: int) -> int | None:
    return min((at for at in instants if at >= since), default=None)


def _until(true: Callable[[], bool]) -> None:
    """Wait until it is, but not for ever: the verdict says what is missing."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true() and time.monotonic() < deadline:
        time.sleep(GLANCE_SECONDS)


def _now() -> int:
    return time.time_ns() // 1_000_000
