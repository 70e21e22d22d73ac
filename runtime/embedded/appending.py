"""Appends that wait for the same fsync share it: many doors at once cost little more than one."""

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial

from runtime.embedded.rows import Batch, topics_of
from runtime.embedded.store import Store

Waiting = tuple[Batch, asyncio.Future[None]]


class Appender:
    """Writes batches in the order in which they came, each whole or not at all, several in one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Waiting] = []
        self._flusher: asyncio.Task[None] | None = None

    async def append(self, batch: Batch) -> None:
        """Return when ``batch`` is durable.

        Raises:
            Unavailable: the log did not take it, nor what shared its transaction.
        """
        landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, landed))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        await landed

    async def close(self) -> None:
        """Finish what waits."""
        if self._flusher is not None:
            await self._flusher

    async def _flush(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            batches = [batch for batch, _ in taken]
            topics = frozenset().union(*map(topics_of, batches))
            written = self._store.database.write("append", partial(self._put, batches), topics)
            (outcome,) = await asyncio.gather(written, return_exceptions=True)
            _tell(taken, outcome)

    def _put(self, batches: Sequence[Batch], connection: sqlite3.Connection) -> None:
        self._store.ensure_room(connection)
        for batch in batches:
            self._store.put(connection, batch)


def _tell(taken: Sequence[Waiting], outcome: BaseException | None) -> None:
    """Pass the fate of a transaction on to those who still wait for it."""
    for _, landed in taken:
        if not landed.done():
            if outcome is None:
                landed.set_result(None)
            else:
                landed.set_exception(outcome)
