"""One client for all questions that need neither a group nor a transaction: it connects when first asked, and again."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, NoError, NotLeaderForPartitionError, UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.api import Request
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.transaction import EndTxnRequest
from aiokafka.structs import TopicPartition as Place

from runtime.errors import Absent, Unavailable
from runtime.kafka.cluster import Cluster
from runtime.kafka.faults import reaching
from runtime.kafka.requests import UNSTABLE, StableOffsetsRequest

REQUEST_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.05
FINDING_ATTEMPTS: Final = 3
END: Final = -1

Answer: TypeAlias = Any
"""What the cluster answers: the client makes its fields when it runs."""

T = TypeVar("T")


class _Again(Exception):
    """The cluster is not of one mind yet, about who leads or about an open transaction; ask again."""


class Wire:
    """Metadata, offsets and pages of partitions. Every method raises Unavailable where the cluster does not answer."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._client: AIOKafkaClient | None = None
        self._connecting = asyncio.Lock()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing will be asked any more."""
        return self._closed

    async def client(self) -> AIOKafkaClient:
        """Return the connected client."""
        async with self._connecting:
            if self._closed:
                raise Unavailable("this log is closed")
            if self._client is None:
                self._client = await self._connect()
            return self._client

    async def close(self) -> None:
        """Let go of the connections."""
        self._closed = True
        await self._disconnect()

    async def partitions(self, topic: str) -> int:
        """Return how many partitions the stored ``topic`` has."""
        with reaching(f"looking for topic {topic}"):
            client = await self.client()
            known = client.cluster.partitions_for_topic(topic)
            return len(known or await self._find(client, topic))

    async def ends(self, places: Iterable[Place], *, committed: bool = True) -> dict[Place, int]:
        """Return the first offset of each place that no reader may see yet; else, the first that is not written yet."""
        found = await self.offsets(dict.fromkeys(places, END), committed=committed)
        return {place: offset for place, (offset, _) in found.items()}

    async def offsets(self, instants: Mapping[Place, int], *, committed: bool = True) -> dict[Place, tuple[int, int]]:
        """Return offset and time of the first message at or after each instant; -1 where there is none."""

        async def ask() -> dict[Place, tuple[int, int]]:
            for topic in {place.topic for place in instants}:
                await self.partitions(topic)
            client = await self.client()
            asked: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
            for place, instant in instants.items():
                asked[self._leader(client, place)][place.topic].append((place.partition, instant))
            answers = [
                await client.send(node, OffsetRequest(-1, int(committed), list(topics.items())))
                for node, topics in asked.items()
            ]
            return _offsets(answers)

        return await self.insist("asking for offsets", ask)

    async def to_leader(self, place: Place, request: Request[Any]) -> Answer:
        """Return what the leader of ``place`` answers."""
        await self.partitions(place.topic)
        client = await self.client()
        return await client.send(self._leader(client, place), request)

    async def committed(self, group: str, places: Sequence[Place]) -> dict[Place, int]:
        """Return what the group has committed of ``places``, once no transaction can change it; 0 where nothing."""
        topics: dict[str, list[int]] = defaultdict(list)
        for place in places:
            topics[place.topic].append(place.partition)

        async def ask() -> dict[Place, int]:
            return _committed(await self._to_coordinator(group, StableOffsetsRequest(group, topics)))

        return await self.insist(f"asking what {group} has committed", ask)

    async def abort(self, request: EndTxnRequest, owner: str) -> None:
        """Have the cluster end a transaction that nobody goes on with; one that has ended otherwise stays as it is."""

        async def ask() -> None:
            client = await self.client()
            node = await client.coordinator_lookup(CoordinationType.TRANSACTION, owner)
            await client.send(node, request, group=ConnectionGroup.COORDINATION)

        await self.insist(f"aborting what {owner} left open", ask)

    async def refresh(self) -> None:
        """Learn anew who leads what."""
        await (await self.client()).force_metadata_update()

    async def _find(self, client: AIOKafkaClient, topic: str) -> set[int]:
        """Learn of a topic that is not known yet; one that was just made may take a moment to show.

        It is asked for by name only where it exists: on many clusters the question alone would make it.
        """
        for _ in range(FINDING_ATTEMPTS):
            try:
                everything = await client.fetch_all_metadata()
            except KafkaError:
                await self._disconnect()
                raise
            if everything.partitions_for_topic(topic):
                client.add_topic(topic)
                await client.force_metadata_update()
                if known := client.cluster.partitions_for_topic(topic):
                    return known
            await asyncio.sleep(PAUSE_SECONDS)
        raise Absent(f"topic {topic} does not exist on {self._cluster.bootstrap}: run `stanch topics create`")

    async def _disconnect(self) -> None:
        """Begin anew at the given addresses: the client itself looks for brokers only where they were."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _connect(self) -> AIOKafkaClient:
        client = AIOKafkaClient(
            **self._cluster.client("stanch"), request_timeout_ms=int(REQUEST_SECONDS * 1000),
            metadata_max_age_ms=30_000,
        )  # fmt: skip
        try:
            with reaching(f"connecting to {self._cluster.bootstrap}"):
                await client.bootstrap()
        except BaseException:
            await client.close()
            raise
        return client

    async def _to_coordinator(self, group: str, request: Request[Any]) -> Answer:
        client = await self.client()
        node = await client.coordinator_lookup(CoordinationType.GROUP, group)
        return await client.send(node, request, group=ConnectionGroup.COORDINATION)

    def _leader(self, client: AIOKafkaClient, place: Place) -> int:
        leader = client.cluster.leader_for_partition(place)
        if leader is None:
            client.add_topic(place.topic)
        if leader is None or leader == -1:
            raise _Again(f"nobody leads {place.topic}/{place.partition}")
        return int(leader)

    async def insist(self, what: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until there is an answer, for some seconds; what moved meanwhile is looked up anew.

        Raises:
            Unavailable: there was none.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        with reaching(what):
            while True:
                try:
                    return await ask()
                except _Again as error:
                    if loop.time() > deadline:
                        raise Unavailable(f"Kafka, {what}: {error}") from error
                except KafkaError as error:
                    if not error.retriable or loop.time() > deadline:
                        await self._disconnect()
                        raise
                await asyncio.sleep(PAUSE_SECONDS)
                await self.refresh()


def _offsets(answers: Iterable[Answer]) -> dict[Place, tuple[int, int]]:
    found = {}
    for answer in answers:
        for topic, partitions in answer.topics:
            for partition, code, instant, offset, *_ in partitions:
                error = for_code(code)
                if error in (NotLeaderForPartitionError, UnknownTopicOrPartitionError):
                    raise _Again(f"nobody leads {topic}/{partition}")
                if error is not NoError:
                    raise error(f"{topic}/{partition}")
                found[Place(topic, partition)] = (offset, instant)
    return found


def _committed(answer: Answer) -> dict[Place, int]:
    found = {}
    _check(answer.error_code)
    for topic, partitions, _ in answer.topics:
        for partition, offset, _, _, code, _ in partitions:
            _check(code)
            found[Place(topic, partition)] = max(offset, 0)
    return found


def _check(code: int) -> None:
    if code == UNSTABLE:
        raise _Again("a transaction has not ended yet")
    error = for_code(code)
    if error is not NoError:
        raise error()
