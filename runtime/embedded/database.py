"""Two connections: what writes has a thread, so that no fsync holds up the event loop; what reads has none.

A read finds its pages in memory and takes less time than to hand it to a thread and back, and it never waits for a write.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from runtime.clock import Clock
from runtime.embedded.bell import Bell
from runtime.embedded.schema import BUSY_MS, connect
from runtime.embedded.writer import WriterNote
from runtime.errors import Unavailable
from runtime.failpoints import reach

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

GLANCE_SECONDS = 0.1
RETRY_SECONDS = 0.02
_DOWN = {
    sqlite3.SQLITE_FULL: "the log is full",
    sqlite3.SQLITE_BUSY: "the log is held by another process",
    sqlite3.SQLITE_IOERR: "the disk fails",
    sqlite3.SQLITE_READONLY: "the log is read-only",
    sqlite3.SQLITE_CANTOPEN: "the log cannot be opened",
}


class Database:
    """The file, its thread and its bell. In memory everything happens at once, on the caller's thread."""

    def __init__(self, path: Path | None, clock: Clock, most_bytes: int, patience: float) -> None:
        self.bell = Bell()
        self._clock = clock
        self._patience = patience
        self._connection = connect(path, most_bytes)
        self._reader = self._connection if path is None else connect(path, most_bytes)
        self._note = WriterNote(path)
        self._thread = None if path is None else ThreadPoolExecutor(1, "embedded-log")
        self._seen: int | None = None
        self._glanced = 0.0
        self._open = True

    def open(self, work: Work[None]) -> None:
        """Run the first piece of work, at once; from then on the thread has the connection.

        Raises:
            Unavailable: a process that does not finish its write holds the file.
        """
        try:
            _translated(partial(work, self._connection))
            for connection in (self._connection, self._reader):
                connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        except BaseException:
            self._shut()
            raise

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on what is committed; others get a turn before.

        Raises:
            Unavailable: the database cannot be read.
        """
        if self._thread is not None:
            await asyncio.sleep(0)
        if not self._open:
            raise Unavailable("the log is closed")
        return _translated(partial(work, self._reader))

    async def _on_thread(self, work: Work[T]) -> T:
        if not self._open:
            raise Unavailable("the log is closed")
        if self._thread is None:
            return _translated(partial(work, self._connection))
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, _translated, partial(work, self._connection)
        )

    async def write(self, who: str, work: Work[T], topics: Collection[str] | None = None) -> T:
        """Run ``work`` in one durable transaction: all of it or nothing; wakes whoever waits for one of ``topics``.

        Raises:
            Unavailable: full, broken, or held by a process that does not finish; nothing happened.
        """
        reach("log.write.before")
        begun = await self._begin(who, work)
        reach("log.write.committed")
        self.bell.ring(topics)
        return begun

    async def _begin(self, who: str, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while True:
            try:
                return await self._on_thread(partial(self._transact, who, work))
            except BlockingIOError:
                if loop.time() >= deadline:
                    raise Unavailable(self._note.blame()) from None
                await asyncio.sleep(RETRY_SECONDS)

    def _transact(self, who: str, work: Work[T], connection: sqlite3.Connection) -> T:
        _begin_immediate(connection)
        try:
            self._note.sign(who, self._clock.now())
            reach("log.write.begun")
            result = work(connection)
            reach("log.write.complete")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    async def listen(self, ticket: asyncio.Event, seconds: float) -> None:
        """Return when ``ticket`` rings or another process has written, at the latest after ``seconds``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not ticket.is_set() and (left := deadline - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, GLANCE_SECONDS)):
                    await ticket.wait()
            except TimeoutError:
                await self._glance(loop.time())

    async def _glance(self, now: float) -> None:
        """Ring when the file was changed by others; SQLite's data_version moves for them only. One look serves all."""
        if self._thread is None or now - self._glanced < GLANCE_SECONDS / 2:
            return
        self._glanced = now
        version = await self._on_thread(_data_version)
        if version != self._seen:
            self._seen = version
            self.bell.ring()

    async def close(self) -> None:
        """Finish what is running and close the file."""
        if self._open:
            self._open = False
            if self._thread is not None:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
            self._shut()
            self.bell.ring()

    def _shut(self) -> None:
        if self._thread is not None:
            self._thread.shutdown()
        self._connection.close()
        self._reader.close()
        self._note.close()


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _begin_immediate(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise BlockingIOError from error
        raise


def _translated(work: Callable[[], T]) -> T:
    try:
        return work()
    except sqlite3.OperationalError as error:
        reason = _DOWN.get(error.sqlite_errorcode & 0xFF)
        if reason is None:
            raise
        raise Unavailable(f"{reason}: {error}") from error
