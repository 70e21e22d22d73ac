"""The oracle for "exactly once": every change of state that a product accepted, and who asked for it."""

from collections import defaultdict
from dataclasses import dataclass

APPLY, RELEASE = "apply", "release"
DIRECTIONS = {
    "isolate": APPLY,
    "unisolate": RELEASE,
    "disable": APPLY,
    "enable": RELEASE,
    "revoke": APPLY,
    "block": APPLY,
    "unblock": RELEASE,
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One accepted change: ``cause`` is the id or comment that the caller sent with it."""

    product: str
    target: str
    operation: str
    cause: str
    at: int

    @property
    def direction(self) -> str:
        """Return ``apply`` or ``release``."""
        return DIRECTIONS[self.operation]


class Transitions:
    """All of them, in order."""

    def __init__(self) -> None:
        self.log: list[Transition] = []

    def add(self, product: str, target: str, operation: str, cause: str, at: int) -> None:
        """Note one."""
        self.log.append(Transition(product, target, operation, cause, at))

    def select(
        self, product: str = "", target: str = "", direction: str = "", operation: str = ""
    ) -> tuple[Transition, ...]:
        """Return those that agree with everything that is given."""
        return tuple(
            one
            for one in self.log
            if product in ("", one.product)
            and target.casefold() in ("", one.target.casefold())
            and direction in ("", one.direction)
            and operation in ("", one.operation)
        )

    def count(self, product: str = "", target: str = "", direction: str = "", operation: str = "") -> int:
        """Return how many agree with everything that is given."""
        return len(self.select(product, target, direction, operation))

    def summary(self) -> list[dict[str, object]]:
        """Return one entry per product, target and operation, with its count and its causes."""
        groups: dict[tuple[str, str, str], list[Transition]] = defaultdict(list)
        for one in self.log:
            groups[one.product, one.target, one.operation].append(one)
        return [_entry(key, ones) for key, ones in sorted(groups.items())]


def _entry(key: tuple[str, str, str], ones: list[Transition]) -> dict[str, object]:
    product, target, operation = key
    return {
        "product": product,
        "target": target,
        "operation": operation,
        "direction": DIRECTIONS[operation],
        "count": len(ones),
        "causes": [one.cause for one in ones],
        "times": [one.at for one in ones],
    }
