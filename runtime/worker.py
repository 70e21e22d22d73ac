"""What the door can drive: one process's loop, in steps."""

from typing import Protocol


class Worker(Protocol):
    """One service at work. ``run`` is ``step`` for ever, for a live process."""

    @property
    def name(self) -> str:
        """The service's name, `detect.match`."""
        ...

    async def start(self) -> None:
        """Join the group and take over what is assigned."""
        ...

    async def step(self, wait: float) -> int:
        """Handle one batch; return how many messages, ticks and outcomes were handled. Waits at most ``wait`` seconds."""
        ...

    def deadline(self) -> int | None:
        """Return when this worker next has something to do by itself."""
        ...

    async def advance(self, instant: int) -> int:
        """Virtual time only: fire what is due up to ``instant``, as if it had come; return how much was handled."""
        ...

    async def stop(self) -> None:
        """Finish what is in flight, commit, leave."""
        ...
