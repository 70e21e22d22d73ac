"""The same work on a log of ours and on what lies beneath it, which does the least that is equivalent."""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from runtime.log import Log, Message, Ownership, Subscription, TopicPartition
from schemas.topics import EVENTS, FACTS, FINDINGS

TENANT: Final = "bench"
GROUP: Final = "benchmark"
SERVICE: Final = "benchmark"
PAGE_BYTES: Final = 8192


class Side(Protocol):
    """One of the two that are compared."""

    async def append(self, messages: Sequence[Message]) -> None:
        """Make them durable."""
        ...

    async def poll(self, limit: int) -> int:
        """Read on; return how many there were."""
        ...

    async def commit(self, outputs: Sequence[Message]) -> None:
        """Append ``outputs``, then remember what was read: at least once."""
        ...

    async def own(self, outputs: Sequence[Message]) -> None:
        """Append ``outputs`` and remember what was read, all or nothing."""
        ...


class Ours:
    """A log of ours, through its port."""

    def __init__(self, subscription: Subscription, ownership: Ownership, log: Log) -> None:
        self._log = log
        self._subscription = subscription
        self._ownership = ownership
        self._upto: Mapping[TopicPartition, int] = {TopicPartition(EVENTS.name, 0): 0}

    @classmethod
    @asynccontextmanager
    async def on(cls, log: Log) -> AsyncIterator["Ours"]:
        """Join a group and own a partition."""
        async with log.subscribe(GROUP, (EVENTS.name,), _ignore, _ignore) as subscription:
            yield cls(subscription, await log.own(SERVICE, 0), log)

    async def append(self, messages: Sequence[Message]) -> None:
        """Make them durable."""
        await self._log.append(messages)

    async def poll(self, limit: int) -> int:
        """Read on; return how many there were."""
        found = await self._subscription.poll(limit, 1.0)
        if found:
            self._upto = {found[-1].place: found[-1].offset + 1}
        return len(found)

    async def commit(self, outputs: Sequence[Message]) -> None:
        """Append ``outputs``, then remember what was read."""
        await self._subscription.commit(self._upto, outputs)

    async def own(self, outputs: Sequence[Message]) -> None:
        """Append ``outputs`` and remember what was read, all or nothing."""
        await self._ownership.commit(outputs, self._upto, GROUP)


class RawSqlite:
    """One table in a file of its own with the durability of the embedded log: write-ahead, an fsync at each commit."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in (f"page_size = {PAGE_BYTES}", "journal_mode = WAL", "synchronous = FULL", "cache_size = -32768"):
            self._connection.execute(f"PRAGMA {pragma}")
        for topic in (EVENTS.name, FINDINGS.name, FACTS.name):
            self._connection.execute(
                f"CREATE TABLE {topic} (id INTEGER PRIMARY KEY, key TEXT, headers BLOB, value BLOB)"
            )
        self._connection.execute("CREATE TABLE offsets (reader TEXT PRIMARY KEY, next INTEGER)")
        self._next = 0

    async def append(self, messages: Sequence[Message]) -> None:
        """Make them durable."""
        self._write(messages)

    async def poll(self, limit: int) -> int:
        """Read on; return how many there were."""
        query = f"SELECT id, key, headers, value FROM {EVENTS.name} WHERE id > ? ORDER BY id LIMIT ?"
        rows = self._connection.execute(query, (self._next, limit)).fetchall()
        if rows:
            self._next = rows[-1][0]
        return len(rows)

    async def commit(self, outputs: Sequence[Message]) -> None:
        """Append ``outputs`` and remember what was read."""
        self._write(outputs, reads=True)

    async def own(self, outputs: Sequence[Message]) -> None:
        """Do the same: here it is one transaction anyway."""
        self._write(outputs, reads=True)

    def _write(self, messages: Sequence[Message], *, reads: bool = False) -> None:
        rows = [(one.key, HEADERS, one.value) for one in messages]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(f"INSERT INTO {messages[0].topic} (key, headers, value) VALUES (?, ?, ?)", rows)
        if reads:
            self._connection.execute("INSERT OR REPLACE INTO offsets VALUES (?, ?)", (GROUP, self._next))
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


HEADERS: Final = (
    b'{"uid":"0123456789abcdef0123456789abcdef","kind":"security/4688","causation":"records.bench/0/1234567"}'
)
HEADERS_BY_NAME: Final = {
    "uid": "0123456789abcdef0123456789abcdef", "kind": "security/4688", "causation": "records.bench/0/1234567",
}  # fmt: skip
"""What a message of ours carries besides its value, the least of it."""


def messages(topic: str, count: int, size: int, text: bytes) -> list[Message]:
    """Return ``count`` different messages of ``size`` bytes, cut out of ``text``."""
    step = max(1, (len(text) - size) // max(1, count))
    return [
        Message(topic, TENANT, f"{TENANT}|host-{index % 40}", text[index * step : index * step + size], HEADERS_BY_NAME)
        for index in range(count)
    ]


async def _ignore(partitions: frozenset[int]) -> None:
    """Nothing is kept per partition."""
