"""A group's view of some topics."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import TopicPartition as Place

from runtime.errors import Fenced, Unavailable
from runtime.kafka.cluster import Cluster
from runtime.kafka.faults import CLIENT, described, reaching
from runtime.kafka.fetched import MOMENT_SECONDS, Fetched, Records
from runtime.kafka.membership import JOIN_SECONDS, Membership
from runtime.kafka.records import received
from runtime.kafka.wire import Wire
from runtime.log import Message, Received, TopicPartition

COMMIT_SECONDS: Final = 10.0
PATIENT_SILENCES: Final = 3
TACT_SECONDS: Final = 0.04
"""Under steady traffic messages are taken so far apart, many at once: each batch costs requests here and in every service
behind. The first after a pause is taken at once, and a full batch is followed at once by the next."""

Append = Callable[[Sequence[Message]], Awaitable[None]]


class KafkaSubscription:
    """One member of a group."""

    def __init__(self, cluster: Cluster, wire: Wire, membership: Membership, append: Append) -> None:
        self._cluster = cluster
        self._wire = wire
        self._membership = membership
        self._append = append
        self._fetched = Fetched(membership, wire)
        self._left = False
        self._silences = 0
        self._next = 0.0

    @property
    def group(self) -> str:
        """The group that this is a member of."""
        return self._membership.group

    async def join(self) -> None:
        """Become a member and take what the group gives.

        Raises:
            Unavailable: the cluster does not answer, or a topic does not exist.
        """
        await self._membership.connect()
        await self._membership.settle(JOIN_SECONDS)

    async def leave(self) -> None:
        """Give up everything and go."""
        self._left = True
        await self._membership.disconnect()

    async def poll(self, limit: int, wait: float) -> Sequence[Received]:
        """Return at most ``limit`` messages, in order per partition, after at most ``wait`` seconds.

        Nothing comes back only where nothing was there when it looked: where the group is sharing out anew, or a
        message is still on its way, it takes a moment longer. Begins with another partition each time.
        """
        membership = self._membership
        membership.quiet.set()
        await asyncio.sleep(0)
        if self._left:
            raise Unavailable("this subscription is over")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        await membership.connect()
        if not await membership.settle(max(wait, MOMENT_SECONDS)):
            await membership.look_after()
            return ()
        await asyncio.sleep(max(0, min(self._next, deadline) - loop.time()))
        found = await self._found(limit, deadline)
        if found:
            self._next = loop.time() + (TACT_SECONDS if len(found) < limit else 0)
            membership.quiet.clear()
            await membership.tell()
        return [received(record, self._cluster.visible(record.topic)) for record in found]

    async def commit(self, upto: Mapping[TopicPartition, int], outputs: Sequence[Message] = ()) -> None:
        """Append ``outputs``, then remember the offsets.

        Raises:
            Fenced: a partition went to another member meanwhile; where that shows only after ``outputs`` were
                appended they stay, and the new member's are their like.
        """
        offsets = self._cluster.places(upto)
        self._check(offsets)
        if outputs:
            await self._append(outputs)
        if offsets:
            await self._commit(offsets)
        self._membership.quiet.set()

    async def seek(self, place: TopicPartition, offset: int) -> None:
        """Read ``place`` from ``offset`` on; what the group has committed stays."""
        stored = self._cluster.place(place)
        if self._membership.holds(stored):
            self._membership.consumer.seek(stored, offset)

    async def committed(self, place: TopicPartition) -> int:
        """Return the first offset that the group has not committed; waits for a transaction that may change it."""
        stored = self._cluster.place(place)
        return (await self._wire.committed(self._membership.group, [stored]))[stored]

    def pause(self, place: TopicPartition) -> None:
        """Return nothing of ``place`` from ``poll`` until it is resumed."""
        stored = self._cluster.place(place)
        if self._membership.holds(stored):
            self._membership.consumer.pause(stored)

    def resume(self, place: TopicPartition) -> None:
        """Take ``place`` up again where it was paused."""
        stored = self._cluster.place(place)
        if self._membership.holds(stored):
            self._membership.consumer.resume(stored)

    def _check(self, offsets: Iterable[Place]) -> None:
        lost = sorted(f"{place.topic}/{place.partition}" for place in offsets if not self._membership.holds(place))
        if lost or self._left:
            raise Fenced(f"{self._membership.group}: {', '.join(lost)} are another member's by now")

    async def _commit(self, offsets: Mapping[Place, int]) -> None:
        try:
            with reaching(f"committing for {self._membership.group}"):
                async with asyncio.timeout(COMMIT_SECONDS):
                    await self._membership.consumer.commit(dict(offsets))
        except Unavailable as error:
            if isinstance(error.__cause__, CommitFailedError | IllegalStateError):
                raise Fenced(f"{self._membership.group}: {described(error.__cause__)}") from error
            raise

    async def _found(self, limit: int, deadline: float) -> Records:
        try:
            found = await self._fetched.take(limit, deadline)
        except CLIENT as error:
            await self._membership.disconnect()
            raise Unavailable(f"Kafka, polling for {self._membership.group}: {described(error)}") from error
        except Unavailable:
            self._silences += 1
            if self._silences % PATIENT_SILENCES == 0:  # the client looks for brokers only where they were
                await self._membership.disconnect()
            raise
        self._silences = 0
        return found
