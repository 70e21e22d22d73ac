"""What is tried: each label at which respond may die, with each fault of the lab, on the way there and on the way back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from runtime.failpoints import LABELS
from schemas.entity import Entity
from schemas.hold import HoldState
from tests.unit.respond.incidents import account, address, host

What = Literal["machine", "account", "address"]
Direction = Literal["apply", "release"]
NONE = "none"
FAULTS = (NONE, "lost_answer", "late", "ineffective", "stuck")
LATE_SECONDS = 1
RESPOND = tuple(label for label in LABELS if label.startswith("respond."))
# The transactions in turn: the wish, the intent, the answer. All are tried, for all must leave one transition.
COMMITS = tuple(
    f"{label}:{number}" for label in LABELS if label.startswith(("log.write.", "ledger.")) for number in (1, 2, 3)
)
_FINAL = {NONE: HoldState.VERIFIED, "lost_answer": HoldState.VERIFIED, "late": HoldState.VERIFIED,
          "ineffective": HoldState.INEFFECTIVE, "stuck": HoldState.INEFFECTIVE}  # fmt: skip
OPERATIONS = {
    ("machine", "apply"): "isolate",
    ("machine", "release"): "unisolate",
    ("account", "apply"): "disable",
    ("account", "release"): "enable",
    ("address", "apply"): "block",
    ("address", "release"): "unblock",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One trial."""

    number: int
    label: str
    fault: str
    what: What
    direction: Direction

    @property
    def entity(self) -> Entity:
        """A target of its own, so that the lab counts it apart."""
        if self.what == "machine":
            return host(f"WKS{self.number:03}")
        if self.what == "account":
            return account(f"CORP\\user{self.number:03}")
        return address(f"10.77.{self.number // 250}.{self.number % 250 + 1}")

    @property
    def operation(self) -> str:
        """What the lab calls the transition."""
        return OPERATIONS[self.what, self.direction]

    @property
    def final(self) -> HoldState:
        """Where it must end."""
        if self.direction == "release":
            return HoldState.MANUAL if self.fault == "stuck" else HoldState.RELEASED
        if self.fault == "stuck" and self.what == "machine":
            return HoldState.MANUAL
        return _FINAL[self.fault]


def all_cases() -> list[Case]:
    """Everything that ``make chaos`` tries."""
    return [Case(number, *parts) for number, parts in enumerate(_parts())]


def few_cases() -> list[Case]:
    """One kill at each label of respond, and one fault each: what the tests try every time."""
    chosen = [case for case in all_cases() if case.what == "machine" and case.direction == "apply"]
    kills = [case for case in chosen if case.label in RESPOND and case.fault == NONE]
    faults = [case for case in chosen if case.label == "respond.request.sent" and case.fault != NONE]
    intent = [case for case in chosen if case.label == "log.write.committed:2" and case.fault == NONE]
    back = [case for case in all_cases() if case.label == "respond.release.decided" and case.fault == NONE][:1]
    return [*kills, *faults, *intent, *back]


def _parts() -> Iterator[tuple[str, str, What, Direction]]:
    ways: tuple[Direction, ...] = ("apply", "release")
    for label in RESPOND:
        if label != "respond.release.decided":
            yield from ((label, fault, "machine", "apply") for fault in FAULTS)
            yield from ((label, fault, what, "apply") for fault in FAULTS[:3] for what in ("account", "address"))
        yield from ((label, fault, "machine", "release") for fault in (NONE, "lost_answer"))
    for label in COMMITS:
        yield from ((label, NONE, "machine", way) for way in ways)
