"""How much the graphs of all tenants of a process may hold together: the memory of correlate is bounded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol
from weakref import WeakSet

ENTRIES: Final = 2_000_000
"""About a gigabyte; a fact of a Windows network makes two."""


class Holder(Protocol):
    """What counts against the budget."""

    @property
    def held(self) -> int:
        """How many entries it holds."""
        ...


@dataclass(slots=True)
class Budget:
    """Shared by the stores of one process. ``short`` is told how many minutes back a store still sees that had to forget."""

    most: int = ENTRIES
    short: Callable[[int], None] = lambda _: None
    holders: "WeakSet[Holder]" = field(default_factory=WeakSet)

    def is_over(self, holder: Holder) -> bool:
        """Whether ``holder`` must forget: all hold too much together, and it holds more than its equal share."""
        if holder.held <= self.most // max(1, len(self.holders)):
            return False
        return sum(one.held for one in self.holders) > self.most
