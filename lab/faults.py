"""What goes wrong on purpose: faults seeded by product, operation and target."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What can go wrong."""

    LOST_ANSWER = "lost_answer"
    LATE = "late"
    INEFFECTIVE = "ineffective"
    STUCK = "stuck"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"


REFUSALS = frozenset({FaultKind.THROTTLED, FaultKind.UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Fault:
    """One seeded fault; ``*`` stands for every product, operation or target.

    Attributes:
        seconds: how late (``late``), or the Retry-After (``throttled``; 0 sends none).
        sticky: strikes every time, not only once.
        hidden: while late, reads show nothing instead of something pending.
    """

    kind: FaultKind
    product: str = "*"
    operation: str = "*"
    target: str = "*"
    seconds: int = 60
    sticky: bool = False
    hidden: bool = False

    def strikes(self, product: str, operation: str, names: Iterable[str]) -> bool:
        """Say whether it is meant for this call; a target answers to several names."""
        return (
            self.product in ("*", product)
            and self.operation in ("*", operation)
            and (self.target == "*" or self.target.casefold() in {name.casefold() for name in names})
        )


@dataclass(frozen=True, slots=True)
class Misfortune:
    """All that strikes one accepted call."""

    lost: bool = False
    delay: int = 0
    hidden: bool = False
    ineffective: bool = False
    stuck: bool = False


class FaultTable:
    """The faults that are seeded and have not struck yet, and the sticky ones."""

    def __init__(self) -> None:
        self.seeded: list[Fault] = []

    def seed(self, fault: Fault) -> None:
        """Let it strike the next call that it is meant for."""
        self.seeded.append(fault)

    def clear(self) -> None:
        """Forget all of them; what they did stays done."""
        self.seeded.clear()

    def obstacle(self, product: str, operation: str, names: Iterable[str]) -> Fault | None:
        """Return the refusal that a call meets before it is accepted, if any."""
        return next(iter(self._take(product, operation, tuple(names), refusals=True, most=1)), None)

    def strike(self, product: str, operation: str, names: Iterable[str]) -> Misfortune:
        """Return what strikes a call that was accepted, and use up the faults that strike once."""
        struck = self._take(product, operation, tuple(names), refusals=False)
        kinds = {fault.kind for fault in struck}
        late = [fault for fault in struck if fault.kind is FaultKind.LATE]
        return Misfortune(
            lost=FaultKind.LOST_ANSWER in kinds,
            delay=max((fault.seconds * 1000 for fault in late), default=0),
            hidden=any(fault.hidden for fault in struck),
            ineffective=FaultKind.INEFFECTIVE in kinds,
            stuck=FaultKind.STUCK in kinds,
        )

    def _take(
        self, product: str, operation: str, names: tuple[str, ...], refusals: bool, most: int | None = None
    ) -> list[Fault]:
        found = [
            fault
            for fault in self.seeded
            if (fault.kind in REFUSALS) is refusals and fault.strikes(product, operation, names)
        ][:most]
        used = {id(fault) for fault in found if not fault.sticky}
        self.seeded = [fault for fault in self.seeded if id(fault) not in used]
        return found
