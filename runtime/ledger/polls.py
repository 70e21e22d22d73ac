"""Reading the inputs while actions are under way: whichever comes first, a message or an outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from runtime.delivery import Delivery
from runtime.ledger.actions import Actions
from runtime.log import Received

Poll = Callable[[], Awaitable[Sequence[Received]]]


class Polls:
    """The polls of one worker, one at a time."""

    def __init__(self, delivery: Delivery, actions: Actions) -> None:
        self._delivery = delivery
        self._actions = actions
        self._polling: asyncio.Task[Sequence[Received]] | None = None

    async def next(self, poll: Poll, seconds: float) -> Sequence[Received]:
        """Return what ``poll`` found, or nothing when an outcome came home first; that poll goes on for the next call."""
        if self._polling is None and not self._actions.running:
            return await self._delivery.patiently(poll)
        if self._polling is None:
            self._polling = asyncio.create_task(self._delivery.patiently(poll))
        arrival = asyncio.create_task(self._actions.arrival())
        await asyncio.wait({self._polling, arrival}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        arrival.cancel()
        if not self._polling.done():
            return ()
        found, self._polling = self._polling.result(), None
        return found

    async def stop(self) -> None:
        """End the poll that is under way."""
        if self._polling is not None:
            self._polling.cancel()
            with suppress(asyncio.CancelledError):
                await self._polling
            self._polling = None
