"""The clock of a lab that runs on its own: the machine's, or one that only its operator moves."""

import time


def wall_clock() -> int:
    """Return the machine's time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class LabClock:
    """Tells epoch milliseconds when called.

    Args:
        virtual_from: where a virtual clock starts; None means the machine's clock.
    """

    def __init__(self, virtual_from: int | None = None) -> None:
        self.virtual = virtual_from is not None
        self._now = virtual_from or 0

    def __call__(self) -> int:
        """Return the present instant."""
        return self._now if self.virtual else wall_clock()

    def move(self, instant: int) -> None:
        """Set a virtual clock, never back."""
        self._now = max(self._now, instant)
