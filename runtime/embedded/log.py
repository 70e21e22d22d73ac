"""The port of the log on SQLite."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from runtime.clock import Clock
from runtime.embedded.appending import Appender
from runtime.embedded.database import Database
from runtime.embedded.groups import Groups
from runtime.embedded.history import first_since, forget_prefix
from runtime.embedded.ownership import EmbeddedOwnership, take_epoch
from runtime.embedded.places import next_offset
from runtime.embedded.retention import DEFAULT, Retention, Trimmed
from runtime.embedded.rows import Cursor, Naming, prepare, select
from runtime.embedded.schema import lay_out
from runtime.embedded.store import Store
from runtime.embedded.subscription import EmbeddedSubscription
from runtime.embedded.trimming import trim
from runtime.log import Message, OnAssigned, OnRevoked, Ownership, Received, Subscription, TopicPartition
from schemas.topics import declared

CAPACITY_BYTES: Final = 12 * 2**30
PAGE: Final = 500


class EmbeddedLog:
    """An ordered, durable, partitioned log in one SQLite file, or in memory where ``path`` is None.

    One process runs the groups; others (the command line) may append, read and own beside it. ``prefix`` stands before
    every stored topic and service and is never seen by callers. From ``capacity_bytes`` on only ledgers are written.
    A write waits ``patience`` seconds for another process that is writing.

    Raises:
        StartError: the file belongs to a newer release, or was made with another number of partitions.
    """

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        partitions: int = 1,
        prefix: str = "",
        *,
        capacity_bytes: int = CAPACITY_BYTES,
        retention: Retention = DEFAULT,
        patience: float = 2.0,
    ) -> None:
        database = Database(path, clock, capacity_bytes + max(capacity_bytes // 8, 16 * 2**20), patience)
        self._store = Store(database, clock, Naming(prefix, partitions), capacity_bytes)
        self._appender = Appender(self._store)
        self._retention = retention
        self._groups = Groups(partitions)
        database.open(partial(lay_out, prefix=prefix, partitions=partitions))

    async def append(self, messages: Sequence[Message]) -> None:
        """Make ``messages`` durable, all or nothing, before it returns."""
        batch = prepare(messages, self._store.naming)
        if batch:
            await self._appender.append(batch)

    @asynccontextmanager
    async def subscribe(
        self, group: str, topics: Sequence[str], on_assigned: OnAssigned, on_revoked: OnRevoked
    ) -> AsyncIterator[Subscription]:
        """Join ``group`` on ``topics``; a topic that ends in ``*`` stands for all that begin so."""
        members = self._groups.find(group, topics)
        member = EmbeddedSubscription(
            self._store, members, name=group, topics=topics, on_assigned=on_assigned, on_revoked=on_revoked
        )
        try:
            await member.join()
            yield member
        finally:
            await member.leave()

    async def own(self, service: str, partition: int) -> Ownership:
        """Become the owner of the service's partition; every earlier owner is fenced from here on."""
        stored = self._store.naming.prefix + service
        epoch = await self._store.database.write(service, partial(take_epoch, service=stored, partition=partition))
        return EmbeddedOwnership(self._store, stored, partition, epoch)

    async def read(self, topic: str, partition: int, start: int = 0) -> AsyncIterator[Received]:
        """Yield what is committed in ``topic`` from ``start`` to the end as it is now."""
        place = TopicPartition(topic, partition)
        end, following = await self.end(place), start
        while following < end:
            page = await self._store.database.read(partial(self._page, place, following))
            for received in page:
                if received.offset < end:
                    yield received
            following = page[-1].offset + 1 if page else end

    def _page(self, place: TopicPartition, start: int, connection: sqlite3.Connection) -> list[Received]:
        found = self._store.places.find(connection, self._store.naming.stored(place))
        return [] if found is None else list(select(connection, Cursor(found, place.topic, start), PAGE))

    async def end(self, place: TopicPartition) -> int:
        """Return the offset that the next message of ``place`` will have."""
        return await self._store.database.read(partial(next_offset, place=self._store.naming.stored(place)))

    async def partitions(self, topic: str) -> int:
        """Return how many partitions ``topic`` has; they are numbered from 0."""
        return 1 if declared(topic).partition_by == "one" else self._store.naming.partitions

    async def topics(self) -> Sequence[str]:
        """Return the topics that anything was ever appended to, in the order of their birth."""
        places = await self._store.database.read(self._store.places.all)
        prefix = self._store.naming.prefix
        return list(dict.fromkeys(at.topic[len(prefix) :] for at in places if at.topic.startswith(prefix)))

    async def offset_at(self, place: TopicPartition, instant: int) -> int:
        """Return the first offset whose receipt time is at or after ``instant``, else the end."""
        return await first_since(self._store, self._store.naming.stored(place), instant)

    async def trim(self, now: int) -> Trimmed:
        """Forget what retention lets go, oldest first, in small steps between which others may write.

        Raises:
            Unavailable: the log cannot be written.
        """
        return await trim(self._store, self._retention, now)

    async def drop(self) -> None:
        """Delete every topic, offset and epoch under this log's prefix; only for a log that has one.

        Raises:
            ValueError: the log has no prefix: this would be everything.
        """
        if not self._store.naming.prefix:
            raise ValueError("only a log with a prefix can be dropped")
        await self._store.database.write("drop", partial(forget_prefix, self._store))

    async def close(self) -> None:
        """Let go of everything."""
        await self._appender.close()
        await self._store.database.close()
