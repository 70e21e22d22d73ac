"""A group's view of some topics."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from runtime.embedded.groups import Group
from runtime.embedded.offsets import (
    committed_offset,
    committed_offsets,
    is_registered,
    matches,
    register,
)
from runtime.embedded.rows import Batch, Cursor, gather, prepare, topics_of
from runtime.embedded.store import Done, Store
from runtime.errors import Fenced
from runtime.log import Message, OnAssigned, OnRevoked, Received, TopicPartition


class EmbeddedSubscription:
    """One member of a group.

    ``on_assigned`` names the partitions that were gained, ``on_revoked`` those that were lost; both run within this
    member's own ``join``, ``poll`` and ``leave``.
    """

    def __init__(
        self,
        store: Store,
        group: Group,
        *,
        name: str,
        topics: Sequence[str],
        on_assigned: OnAssigned,
        on_revoked: OnRevoked,
    ) -> None:
        self._store = store
        self._name = name
        self._patterns = [store.naming.prefix + topic for topic in topics]
        self._group = group
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._turn = 0
        self._changes = 0

    async def join(self) -> None:
        """Become a member and take what is free."""
        known = await self._store.database.read(partial(is_registered, group=self._name, patterns=self._patterns))
        if not known:
            work = partial(register, group=self._name, patterns=self._patterns)
            await self._store.database.write(self._name, work)
        self._group.join(self)
        await self._settle()

    async def leave(self) -> None:
        """Give up everything and go."""
        held = self._group.held(self)
        try:
            if held:
                await self._on_revoked(held)
        finally:
            self._group.release(self, held)
            self._group.leave(self)
            self._store.database.bell.ring()

    async def poll(self, limit: int, wait: float) -> Sequence[Received]:
        """Return at most ``limit`` messages, in order per partition, after at most ``wait`` seconds.

        Begins with another partition each time, so that a full one starves nobody; lets other tasks run.
        """
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        while True:
            ticket = self._store.database.bell.ticket(self._hears)
            await self._settle()
            found = await self._fetch(limit)
            left = deadline - loop.time()
            if found or left <= 0:
                return found
            await self._store.database.listen(ticket, left)

    async def commit(self, upto: Mapping[TopicPartition, int], outputs: Sequence[Message] = ()) -> None:
        """Append ``outputs`` and remember the offsets, here in one transaction."""
        lost = {place.partition for place in upto} - self._group.held(self)
        if lost:
            raise Fenced(f"{self._name}: partitions {sorted(lost)} are another member's by now")
        batch = prepare(outputs, self._store.naming)
        done = Done(self._name, self._store.stored(upto))
        await self._store.database.write(self._name, partial(self._write, batch, done), topics_of(batch))

    async def seek(self, place: TopicPartition, offset: int) -> None:
        """Read ``place`` from ``offset`` on; what the group has committed stays."""
        self._positions[self._store.naming.stored(place)] = offset
        self._changes += 1

    async def committed(self, place: TopicPartition) -> int:
        """Return the first offset that the group has not committed."""
        stored = self._store.naming.stored(place)
        return await self._store.database.read(partial(committed_offset, group=self._name, place=stored))

    def pause(self, place: TopicPartition) -> None:
        """Return nothing of ``place`` from ``poll`` until it is resumed."""
        self._paused.add(self._store.naming.stored(place))
        self._changes += 1

    def resume(self, place: TopicPartition) -> None:
        """Take ``place`` up again where it was paused."""
        self._paused.discard(self._store.naming.stored(place))
        self._store.database.bell.ring()

    def _write(self, batch: Batch, done: Done, connection: sqlite3.Connection) -> None:
        if batch:
            self._store.ensure_room(connection)
        self._store.put(connection, batch, done)

    async def _settle(self) -> None:
        """Give up what is no longer due, then take what is due and free."""
        lost = self._group.surplus(self)
        if lost:
            await self._on_revoked(lost)
            self._changes += 1
            self._group.release(self, lost)
            self._store.database.bell.ring()
        gained = self._group.claim(self)
        if gained:
            await self._take(gained)

    async def _take(self, gained: frozenset[int]) -> None:
        try:
            await self._rewind(gained)
            await self._on_assigned(gained)
        except BaseException:
            self._group.release(self, gained)  # the next poll tries again
            raise

    async def _rewind(self, gained: frozenset[int]) -> None:
        """Read the ``gained`` partitions from what the group has committed."""
        committed = await self._store.database.read(partial(committed_offsets, group=self._name))
        kept = {place: offset for place, offset in self._positions.items() if place.partition not in gained}
        self._positions = kept | {place: offset for place, offset in committed.items() if place.partition in gained}
        self._paused = {place for place in self._paused if place.partition not in gained}

    async def _fetch(self, limit: int) -> Sequence[Received]:
        while True:
            before = self._changes
            found = await self._store.database.read(partial(self._gather, self._view(), limit))
            if before == self._changes:  # else somebody sought or paused meanwhile
                break
        for received in found:
            self._positions[self._store.naming.stored(received.place)] = received.offset + 1
        return found

    def _hears(self, topic: str) -> bool:
        return any(matches(topic, pattern) for pattern in self._patterns)

    def _view(self) -> "_View":
        """What a read needs to know; what the loop changes meanwhile must not touch it."""
        self._turn += 1
        return _View(self._group.held(self), frozenset(self._paused), dict(self._positions), self._turn)

    def _gather(self, view: "_View", limit: int, connection: sqlite3.Connection) -> list[Received]:
        cut = len(self._store.naming.prefix)
        cursors = [
            Cursor(place, place.topic[cut:], view.positions.get(place.key, 0))
            for place in self._store.places.all(connection)
            if view.reads(place.key) and self._hears(place.topic)
        ]
        turn = view.turn % max(1, len(cursors))
        return gather(connection, cursors[turn:] + cursors[:turn], limit)


@dataclass(frozen=True, slots=True)
class _View:
    """One moment of a subscription, under stored names."""

    held: frozenset[int]
    paused: frozenset[TopicPartition]
    positions: Mapping[TopicPartition, int]
    turn: int

    def reads(self, key: TopicPartition) -> bool:
        """Whether the member reads this partition now."""
        return key.partition in self.held and key not in self.paused
