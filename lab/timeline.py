"""Truths that change at instants, and things that happen on a beat while one holds. Instants are epoch milliseconds."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beat:
    """Something that happens every ``period`` milliseconds, ``phase`` after a full one."""

    period: int
    phase: int = 0

    def count(self, after: int, until: int) -> int:
        """Return how often it happens in ``(after, until]``."""
        if until <= after:
            return 0
        return (until - self.phase) // self.period - (after - self.phase) // self.period

    def newest(self, after: int, until: int) -> Iterator[int]:
        """Yield its instants in ``(after, until]``, the newest first."""
        instant = (until - self.phase) // self.period * self.period + self.phase
        while instant > after:
            yield instant
            instant -= self.period


class Timeline:
    """A yes or no that may change, also at an instant that has not come yet."""

    def __init__(self, value: bool) -> None:
        self._changes: list[tuple[int, bool]] = [(0, value)]

    def turn(self, at: int, value: bool) -> None:
        """Let ``value`` hold from ``at`` on; what was planned for later is dropped, for the last word counts."""
        self._changes = [self._changes[0], *((t, v) for t, v in self._changes[1:] if t < at), (at, value)]

    def value(self, at: int) -> bool:
        """Return what holds at ``at``."""
        return next(value for instant, value in reversed(self._changes) if instant <= at)

    def wanted(self) -> bool:
        """Return what will hold in the end, as far as anybody asked."""
        return self._changes[-1][1]

    def count(self, beat: Beat, after: int, until: int, value: bool) -> int:
        """Return how many of the beats in ``(after, until]`` fall where ``value`` holds."""
        return sum(beat.count(a, b) for a, b, held in self._stretches(after, until) if held is value)

    def newest(self, beat: Beat, after: int, until: int) -> Iterator[tuple[int, bool]]:
        """Yield the beats in ``(after, until]`` with what held then, the newest first."""
        return ((instant, self.value(instant)) for instant in beat.newest(after, until))

    def _stretches(self, after: int, until: int) -> Iterator[tuple[int, int, bool]]:
        ends = [instant for instant, _ in self._changes[1:]]
        for (start, value), end in zip(self._changes, [*ends, until + 1], strict=True):
            yield max(after, start - 1), min(until, end - 1), value
