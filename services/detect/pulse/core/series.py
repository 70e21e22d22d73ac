"""What one source or one rule did: counts that are still open, windows that are over, and what has been told of it.

Counts are kept by what makes a measure unique (second, name, cause), so that a measure which comes twice, or in another
order, changes nothing. A window that is over takes no more counts, so it is counted once however often it is read again.
"""

from typing import Final, NamedTuple

import msgspec

BAD: Final = "dead_letters"
FINDINGS: Final = "findings"
MOST_COUNTS: Final = 20_000
"""Of one window; only a flood of made-up measures has more."""


class Past(NamedTuple):
    """A window that is over: its number, all counts, those of dead letters, and the whole that shares are taken of."""

    window: int
    total: int
    bad: int
    whole: int


class Series(msgspec.Struct):
    """``first`` and ``last`` are seconds, ``open`` goes by window and then by what makes a measure unique."""

    service: str
    subject: str
    is_rule: bool
    first: int
    last: int
    closed: int = 0
    spoke: int = 0
    """The last second of the windows that are over."""
    silent_since: int | None = None
    low_at: int = -2
    open: dict[int, dict[str, int]] = {}
    past: list[Past] = []
    gaps: list[int] = []
    told: dict[str, int] = {}
    """Conditions that have been told, with the window in which each was last met."""

    def observe(self, window: int, identity: str, second: int, count: int) -> None:
        """Take in one measure; ``identity`` begins with its second and name."""
        self.first = min(self.first, second)
        self.last = max(self.last, second)
        if window < self.closed:
            return
        counts = self.open.setdefault(window, {})
        if identity in counts or len(counts) < MOST_COUNTS:
            counts[identity] = max(count, counts.get(identity, 0))

    def total(self, window: int) -> int:
        """Return everything that was counted in ``window``, open or over."""
        if window in self.open:
            return sum(self.open[window].values())
        return next((past.total for past in reversed(self.past) if past.window == window), 0)

    def bad(self, window: int) -> int:
        """Return how many dead letters are counted in the open ``window``."""
        return sum(count for identity, count in self.open.get(window, {}).items() if _name(identity) == BAD)

    def seconds(self, window: int) -> list[int]:
        """Return the seconds of the open ``window`` in which it spoke, in order."""
        return sorted({_second(identity) for identity in self.open.get(window, {})})

    def usual_gap(self) -> int:
        """Return the longest pause, in seconds, among those remembered that were no silence; at least one second."""
        return max(self.gaps, default=1)

    def close(self, past: Past, gap: int, most: int) -> None:
        """Make an open window part of the past, of which ``most`` are remembered, and ``gap`` its longest pause."""
        seconds = self.seconds(past.window)
        del self.open[past.window]
        self.closed = past.window + 1
        self.spoke = seconds[-1]
        if past.total:
            self.past = [*self.past, past][-most:]
            self.gaps = [*self.gaps, gap][-most:]


def identity_of(second: int, name: str, cause: str) -> str:
    """Return what makes a measure unique within its series."""
    return f"{second}:{name}:{cause}"


def _second(identity: str) -> int:
    return int(identity.partition(":")[0])


def _name(identity: str) -> str:
    return identity.split(":", 2)[1]
