"""Where ``now`` comes from: the wall for live work, the stream's own headers for a replay. Cores never look at either."""

import time
from typing import Protocol

NOW_HEADER = "stanch-now"
TICK_HEADER = "stanch-tick"
"""Marks a message that says nothing but that time has passed; heard in a replay only."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> int:
        """Return the present instant in epoch milliseconds."""
        ...


class WallClock:
    """The machine's clock."""

    def now(self) -> int:
        """Return the present instant in epoch milliseconds."""
        return time.time_ns() // 1_000_000


class VirtualClock:
    """A clock that only its driver moves, and never back."""

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> int:
        """Return the instant that the driver last set."""
        return self._now

    def advance(self, instant: int) -> None:
        """Move to ``instant``, unless that lies in the past."""
        self._now = max(self._now, instant)
