"""What the runner knows of one tenant: the state, the end of its chain, and when it next wants a tick."""

from dataclasses import dataclass, field
from typing import Generic

from runtime.ledger.chain import Line, Link
from runtime.machine import Machine, State, Step

IDLE_PATIENCE = 64
BUSY_PATIENCE = 4_096
PAUSE_MS = 1_000
LONGEST_PAUSE_MS = 60_000


@dataclass(slots=True)
class Book(Generic[State]):
    """One tenant's state and its place in the ledger.

    ``since`` counts the entries behind the newest snapshot; ``at`` is the instant of the newest entry.
    """

    tenant: str
    state: State
    link: Link = field(default_factory=Link)
    since: int = 0
    at: int = 0
    deadline: int | None = None
    not_before: int = 0
    stays: int = 0
    idle: int = 0
    strikes: int = 0

    @property
    def due(self) -> int | None:
        """When the next tick is due."""
        return None if self.deadline is None else max(self.deadline, self.not_before)

    def note_tick(self, at: int, *, failed: bool, progress: bool) -> None:
        """Take into account that a tick was given at ``at``, and whether it wrote anything.

        A machine that leaves its deadline behind would be ticked for ever at the same instant: after some patience, or
        at once where it ``failed``, its ticks are spaced out, from a second to a minute.
        """
        stays = self.deadline is not None and self.deadline <= at
        self.stays = self.stays + 1 if stays else 0
        self.idle = self.idle + 1 if stays and not progress else 0
        if failed or self.idle >= IDLE_PATIENCE or self.stays >= BUSY_PATIENCE:
            self.not_before = at + min(PAUSE_MS << min(self.strikes, 16), LONGEST_PAUSE_MS)
            self.strikes += 1
        elif not stays:
            self.strikes = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision that can be written: its step, and its entries bound to the chain."""

    step: Step
    lines: tuple[Line, ...]


def fold(machine: Machine[State], book: Book[State], lines: tuple[Line, ...]) -> None:
    """Fold ``lines`` into the book."""
    for line in lines:
        book.state = machine.fold(book.state, line.entry)
        book.link = line.link
        book.at = line.at
    if lines:
        book.since += len(lines)
        book.not_before = 0
    book.deadline = machine.deadline(book.state)
