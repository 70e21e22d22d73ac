"""The port of the log on Kafka."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from aiokafka import AIOKafkaProducer

from runtime.clock import Clock
from runtime.errors import Unavailable
from runtime.kafka.appending import Appender
from runtime.kafka.batches import prepare
from runtime.kafka.cluster import SESSION_SECONDS, Cluster
from runtime.kafka.membership import Membership
from runtime.kafka.ownership import KafkaOwnership, take
from runtime.kafka.quitting import quit_producer
from runtime.kafka.reading import records
from runtime.kafka.records import received
from runtime.kafka.security import Security
from runtime.kafka.subscription import KafkaSubscription
from runtime.kafka.wire import Wire
from runtime.log import Message, OnAssigned, OnRevoked, Ownership, Received, Subscription, TopicPartition

CLOSING_SECONDS: Final = 3.0


class KafkaLog:
    """An ordered, durable, partitioned log on a Kafka cluster; connects when first used, and again when it must.

    ``prefix`` stands before every stored topic and transactional id and is never seen by callers; groups are named by
    their callers in full. ``member`` names this replica for good: after a restart within ``session_seconds`` it gets
    its partitions back at once, and one that goes for good is missed that long.
    """

    def __init__(
        self,
        bootstrap: str,
        clock: Clock,
        prefix: str = "",
        *,
        member: str | None = None,
        session_seconds: float = SESSION_SECONDS,
        security: Security | None = None,
    ) -> None:
        self._cluster = Cluster(bootstrap, prefix, member, session_seconds, security or Security())
        self._clock = clock
        self._wire = Wire(self._cluster)
        self._appender = Appender(self._cluster, clock)
        self._subscriptions: set[KafkaSubscription] = set()
        self._owners: dict[tuple[str, int], weakref.ref[KafkaOwnership]] = {}
        self._producers: set[AIOKafkaProducer] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def cluster(self) -> Cluster:
        """Where it is and what things are called there, for an engine that brings its own client."""
        return self._cluster

    async def append(self, messages: Sequence[Message]) -> None:
        """Make ``messages`` durable before it returns; all or nothing per partition and mebibyte."""
        batch = await prepare(messages, self._cluster, self._wire)
        if batch:
            await self._appender.append(batch)

    @asynccontextmanager
    async def subscribe(
        self, group: str, topics: Sequence[str], on_assigned: OnAssigned, on_revoked: OnRevoked
    ) -> AsyncIterator[Subscription]:
        """Join ``group`` on ``topics``; a topic that ends in ``*`` stands for all that begin so."""
        membership = Membership(
            self._cluster, self._wire, group=group, topics=topics, on_assigned=on_assigned, on_revoked=on_revoked,
            half=sum(other.group == group for other in self._subscriptions),
        )  # fmt: skip
        subscription = KafkaSubscription(self._cluster, self._wire, membership, self.append)
        self._subscriptions.add(subscription)
        try:
            await subscription.join()
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            await subscription.leave()

    async def own(self, service: str, partition: int) -> Ownership:
        """Become the owner of the service's partition; every earlier owner is fenced, and its transaction ended."""
        if self._closed:
            raise Unavailable("this log is closed")
        older = self._owners.pop((service, partition), lambda: None)()
        if older is not None:
            older.replaced()
        producer = await take(self._cluster, service, partition)
        ownership = KafkaOwnership(
            self._cluster, self._wire, self._clock, service=service, partition=partition, producer=producer,
            later=partial(self._retire, producer),
        )  # fmt: skip
        self._producers.add(producer)
        self._owners[service, partition] = weakref.ref(ownership)
        weakref.finalize(ownership, self._quit, producer).atexit = False
        return ownership

    async def read(self, topic: str, partition: int, start: int = 0) -> AsyncIterator[Received]:
        """Yield what is committed in ``topic`` from ``start`` to the end as it is now."""
        place = self._cluster.place(TopicPartition(topic, partition))
        async for record in records(self._wire, place, start):
            yield received(record, topic)

    async def partitions(self, topic: str) -> int:
        """Return how many partitions ``topic`` has; they are numbered from 0."""
        return await self._wire.partitions(self._cluster.stored(topic))

    async def offset_at(self, place: TopicPartition, instant: int) -> int:
        """Return the first offset whose receipt time is at or after ``instant``, else the end."""
        stored = self._cluster.place(place)
        found, _ = (await self._wire.offsets({stored: max(0, instant)}))[stored]
        return found if found >= 0 else (await self._wire.ends([stored]))[stored]

    async def close(self) -> None:
        """Let go of everything."""
        self._closed = True
        for subscription in list(self._subscriptions):
            await subscription.leave()
        await self._appender.close()
        for producer in list(self._producers):
            self._quit(producer)
        if self._ending:
            await asyncio.wait(self._ending, timeout=CLOSING_SECONDS)
        await self._wire.close()
        await asyncio.gather(*self._ending)

    def _quit(self, producer: AIOKafkaProducer) -> None:
        """End the producer of an owner whom nobody needs any more."""
        if producer in self._producers and not producer.client._loop.is_closed():
            self._retire(producer, quit_producer(producer, orderly=False))

    def _retire(self, producer: AIOKafkaProducer, work: Coroutine[None, None, None]) -> None:
        """Do ``work``, which ends ``producer``, without making anybody wait."""
        self._producers.discard(producer)
        task = producer.client._loop.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
