"""A member of a group: its consumer, which is made anew when it fails, and what the group has it read.

The group takes everything back before it shares out anew. It gets it only when what was handed out last is done with,
or after some seconds; then the caller is told of the loss, in the client's own task, and only then another member can be
given it. A gain is told in the caller's own next ``poll``, so that one that cannot be taken now is tried again.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.structs import TopicPartition as Place

from runtime.kafka.cluster import Cluster
from runtime.kafka.faults import reaching
from runtime.kafka.quitting import quit_consumer
from runtime.kafka.wire import Wire
from runtime.log import OnAssigned, OnRevoked

CONNECT_SECONDS: Final = 15.0
JOIN_SECONDS: Final = 40.0
REBALANCE_SECONDS: Final = 30.0
HAND_OVER_SECONDS: Final = 10.0
STUCK_SECONDS: Final = 2 * REBALANCE_SECONDS
"""No group shares out for so long: what this member waits for will not come."""
FETCH_WAIT_MS: Final = 100
"""While a request waits at the broker for news of some partitions, the client asks for no others."""
DISCOVERY_MS: Final = 1_000

_log = structlog.get_logger("kafka")


class Membership:
    """What a group has given to one member; ``half`` counts the members of this group in this process."""

    def __init__(
        self, cluster: Cluster, wire: Wire, *, group: str, topics: Sequence[str], on_assigned: OnAssigned,
        on_revoked: OnRevoked, half: int = 0,
    ) -> None:  # fmt: skip
        self.group = group
        self.topics = topics
        self.told: frozenset[int] = frozenset()
        self.quiet = asyncio.Event()
        self.quiet.set()
        self._cluster = cluster
        self._wire = wire
        self._half = half
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._given: frozenset[int] = frozenset()
        self._settled = asyncio.Event()
        self._unsettled_at = 0.0
        self._telling = asyncio.Lock()
        self._consumer: AIOKafkaConsumer | None = None
        self._failures: list[BaseException] = []

    @property
    def is_settled(self) -> bool:
        """Whether the group is not sharing out anew just now."""
        return self._settled.is_set()

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """The consumer, as long as there is one."""
        assert self._consumer is not None, "not connected"
        return self._consumer

    def holds(self, place: Place) -> bool:
        """Whether ``place`` is this member's, as far as it knows."""
        return self._consumer is not None and place in self._consumer.assignment()

    async def connect(self) -> None:
        """Have a consumer that is in the group, or about to be.

        Raises:
            Unavailable: the cluster does not answer, or a topic does not exist.
        """
        if self._consumer is not None:
            return
        for topic in self.topics:
            if not topic.endswith("*"):
                await self._wire.partitions(self._cluster.stored(topic))
        consumer = AIOKafkaConsumer(**self._options())
        try:
            with reaching(f"joining {self.group}"):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await consumer.start()
        except BaseException:
            await quit_consumer(consumer)
            raise
        self._unsettled_at = asyncio.get_running_loop().time()
        self._consumer = consumer
        self._subscribe(consumer)

    async def look_after(self) -> None:
        """Begin anew where the client has silently given up joining, or has been kept waiting longer than can be.

        While nothing is handed out nobody asks the client for messages, which is when it would tell.
        """
        if self._consumer is None:
            return
        joining: asyncio.Task[None] | None = getattr(self._consumer._coordinator, "_coordination_task", None)
        has_ended = joining is not None and joining.done()
        waited = asyncio.get_running_loop().time() - self._unsettled_at
        if has_ended or waited > STUCK_SECONDS:
            _log.warning("joins its group anew", group=self.group, client_gave_up=has_ended, waited=round(waited))
            await self.disconnect()

    async def disconnect(self) -> None:
        """Give up everything and leave."""
        self.quiet.set()
        self._settled.clear()
        try:
            await self._take_back()
        finally:
            consumer, self._consumer = self._consumer, None
            if consumer is not None:
                await quit_consumer(consumer)

    async def settle(self, seconds: float) -> bool:
        """Wait until the group has shared out; tell what was gained. Return whether it has.

        Raises:
            whatever the callbacks raised.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        if self._failures:
            raise self._failures.pop(0)
        await self.tell()
        return self._settled.is_set()

    async def tell(self) -> None:
        """Tell the caller what it does not know to have gained."""
        async with self._telling:
            gained = self._given - self.told if self._settled.is_set() else frozenset()
            if gained:
                await self._on_assigned(gained)
                self.told |= gained

    async def take_back(self, consumer: AIOKafkaConsumer) -> None:
        """The group is about to share out anew: give up everything."""
        if consumer is not self._consumer:
            return
        self._settled.clear()
        self._unsettled_at = asyncio.get_running_loop().time()
        with suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_SECONDS):
                await self.quiet.wait()
        (outcome,) = await asyncio.gather(self._take_back(), return_exceptions=True)
        if isinstance(outcome, BaseException):
            self._failures.append(outcome)

    async def give(self, consumer: AIOKafkaConsumer, places: Iterable[Place]) -> None:
        """The group has shared out: this is ours."""
        if consumer is self._consumer:
            self._given = self._whole(frozenset(places))
            self._settled.set()

    async def _take_back(self) -> None:
        self._given = frozenset()
        async with self._telling:
            await self._lose(self.told)

    async def _lose(self, numbers: frozenset[int]) -> None:
        self.told -= numbers
        if numbers:
            await self._on_revoked(numbers)

    def _whole(self, places: frozenset[Place]) -> frozenset[int]:
        """Return the numbers of which no topic is missing; of the others nothing is read.

        One is missing where members of a group read different topics, as during a change of releases.
        """
        numbers = {place.partition for place in places}
        torn = {number for number in numbers if not self._expected(number) <= places}
        for number in torn:
            _log.error("a partition without all of its topics is not taken", group=self.group, partition=number)
            self.consumer.pause(*(place for place in places if place.partition == number))
        return frozenset(numbers - torn)

    def _expected(self, number: int) -> set[Place]:
        stored = [self._cluster.stored(topic) for topic in self.topics if not topic.endswith("*")]
        counts = {topic: self.consumer.partitions_for_topic(topic) or () for topic in stored}
        return {Place(topic, number) for topic, known in counts.items() if number in known}

    def _subscribe(self, consumer: AIOKafkaConsumer) -> None:
        listener = _Listener(self, consumer)
        if self._is_wild:
            consumer.subscribe(pattern=self._cluster.pattern(self.topics), listener=listener)
        else:
            consumer.subscribe([self._cluster.stored(topic) for topic in self.topics], listener=listener)

    @property
    def _is_wild(self) -> bool:
        return any(topic.endswith("*") for topic in self.topics)

    def _options(self) -> dict[str, object]:
        session_ms = int(self._cluster.session_seconds * 1000)
        return {
            **self._cluster.client(f"stanch-{self._cluster.member or 'member'}"),
            "group_id": self.group,
            "group_instance_id": self._cluster.instance(self.group, self._half),
            "partition_assignment_strategy": (RangePartitionAssignor,),
            "isolation_level": "read_committed",
            "auto_offset_reset": "earliest",
            "enable_auto_commit": False,
            "session_timeout_ms": session_ms,
            "heartbeat_interval_ms": session_ms // 20,
            "rebalance_timeout_ms": int(REBALANCE_SECONDS * 1000),
            "fetch_max_wait_ms": FETCH_WAIT_MS,
            "metadata_max_age_ms": DISCOVERY_MS if self._is_wild else 60_000,
        }


class _Listener(ConsumerRebalanceListener):
    """Passes on what the client's coordinator says of one consumer."""

    def __init__(self, membership: Membership, consumer: AIOKafkaConsumer) -> None:
        self._membership = membership
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[Place]) -> None:  # noqa: ARG002 # everything, always
        """Give up."""
        await self._membership.take_back(self._consumer)

    async def on_partitions_assigned(self, assigned: Iterable[Place]) -> None:
        """Take."""
        await self._membership.give(self._consumer, assigned)
