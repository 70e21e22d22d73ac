"""Drives all services in one process, in an order that the input alone decides."""

from collections.abc import Sequence

from runtime.worker import Worker


class Lockstep:
    """Steps ``workers`` in turn. Nothing runs by itself, so that two runs of the same input are the same."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers

    async def start(self) -> None:
        """Let every worker take over what is assigned to it."""
        for worker in self._workers:
            await worker.start()

    async def settle(self) -> None:
        """Step until nobody has anything left to do at the present instant."""
        while sum([await worker.step(0) for worker in self._workers]):
            pass

    async def run_out(self) -> None:
        """Move from deadline to deadline until none is open: holds expire, notifications go out."""
        while (due := self._next_deadline()) is not None:
            for worker in self._workers:
                await worker.advance(due)
            await self.settle()

    def _next_deadline(self) -> int | None:
        return min((due for worker in self._workers if (due := worker.deadline()) is not None), default=None)

    async def stop(self) -> None:
        """Let every worker finish and leave."""
        for worker in self._workers:
            await worker.stop()
