"""The topics of a deployment: made, checked, listed, and dropped where they were only for a while."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupIdNotFound, NoError, NonEmptyGroup, TopicAlreadyExistsError, for_code
from aiokafka.protocol.admin import DeleteGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest
from aiokafka.structs import TopicPartition as Place

from runtime.errors import StartError, Unavailable
from runtime.kafka.cluster import Cluster
from runtime.kafka.faults import reaching
from runtime.kafka.inspection import Found, inspect, settings_of
from runtime.kafka.lag import Lag
from runtime.kafka.reading import BEGINNING
from runtime.kafka.security import Security
from runtime.kafka.shape import Shape, is_declared, wanted
from runtime.kafka.wire import PAUSE_SECONDS, Answer, Wire

ADMIN_SECONDS: Final = 30.0
LINGER_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class TopicState:
    """One topic as the cluster has it. ``messages`` counts what it holds, with the marks of transactions among them."""

    name: str
    partitions: int
    replication: int
    declared: bool
    messages: int


class KafkaAdmin:
    """Administers the topics under ``prefix``; an asynchronous context manager.

    Raises:
        Unavailable: the cluster does not answer.
    """

    def __init__(self, bootstrap: str, prefix: str = "", *, security: Security | None = None) -> None:
        self._cluster = Cluster(bootstrap, prefix, security=security or Security())
        self._wire = Wire(self._cluster)
        self._lag = Lag(self._cluster, self._wire)
        self._client: AIOKafkaAdminClient | None = None

    async def __aenter__(self) -> "KafkaAdmin":
        client = AIOKafkaAdminClient(
            **self._cluster.client("stanch-admin"), request_timeout_ms=int(ADMIN_SECONDS * 1000)
        )
        try:
            with reaching(f"connecting to {self._cluster.bootstrap}"):
                await client.start()
        except BaseException:
            await client.close()
            raise
        self._client = client
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.close()
        await self._admin.close()

    async def create(self, tenants: Iterable[str], partitions: int, replication: int = 1) -> Sequence[str]:
        """Create what is missing, and return it. What exists is left as it is: ``problems`` says what is wrong with it.

        Raises:
            StartError: the cluster refuses a topic.
        """
        there = {found.name for found in await self._found()}
        shapes = wanted(tenants, partitions, replication, self._cluster.prefix)
        missing = [shape for shape in shapes if shape.topic not in there]
        if missing:
            with reaching("creating topics"):
                answer = await self._admin.create_topics([self._new(shape, replication) for shape in missing])
            _check(answer)
            await self._until_led(missing)
        return [shape.topic for shape in missing]

    async def problems(self, tenants: Iterable[str]) -> Sequence[str]:
        """Return what is wrong with the topics, each with its cure; nothing when all is sound."""
        found = {one.name: one for one in await self._found()}
        with reaching("describing topics"):
            brokers = len((await self._admin.describe_cluster())["brokers"])
            settings = await settings_of(self._admin, [self._cluster.stored(name) for name in found])
        counts = [one.partitions for name, one in found.items() if is_declared(name) and name != "modes"]
        shapes = wanted(tenants, max(counts, default=1), min(3, brokers), self._cluster.prefix)
        return [
            problem
            for shape in shapes
            for stored in (self._cluster.stored(shape.topic),)
            for problem in inspect(shape, found.get(shape.topic), settings.get(stored, {}), brokers, stored)
        ]

    async def topics(self) -> Sequence[TopicState]:
        """Return every topic under the prefix, also those that nobody declared."""
        found = await self._found()
        places = [Place(self._cluster.stored(one.name), number) for one in found for number in range(one.partitions)]
        ends = await self._wire.ends(places)
        firsts = await self._wire.offsets(dict.fromkeys(places, BEGINNING))
        sizes = {place: ends[place] - firsts[place][0] for place in places}
        return [
            TopicState(one.name, one.partitions, one.replication, is_declared(one.name),
                       sum(size for place, size in sizes.items() if place.topic == self._cluster.stored(one.name)))
            for one in found
        ]  # fmt: skip

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """Return how many committed messages of ``topics`` the group has not committed as done."""
        return await self._lag.of(group, topics)

    async def drop(self) -> None:
        """Delete every topic and group under the prefix.

        Raises:
            ValueError: there is no prefix: this would be everything.
            Unavailable: a group still has members.
        """
        if not self._cluster.prefix:
            raise ValueError("only a deployment with a prefix can be dropped")
        with reaching("deleting topics"):
            stored = [self._cluster.stored(one.name) for one in await self._found()]
            if stored:
                await self._admin.delete_topics(stored)
            await self._drop_groups()

    @property
    def _admin(self) -> AIOKafkaAdminClient:
        assert self._client is not None, "use it as a context manager"
        return self._client

    async def _found(self) -> list[Found]:
        with reaching("listing topics"):
            described = await self._admin.describe_topics()
        prefix = self._cluster.prefix
        mine = [one for one in described if one["topic"].startswith(prefix) and not one["is_internal"]]
        return [
            Found(
                self._cluster.visible(one["topic"]), len(one["partitions"]),
                min((len(part["replicas"]) for part in one["partitions"]), default=0),
            )
            for one in sorted(mine, key=lambda one: one["topic"])
        ]  # fmt: skip

    def _new(self, shape: Shape, replication: int) -> NewTopic:
        return NewTopic(
            self._cluster.stored(shape.topic), shape.partitions, replication, topic_configs=dict(shape.settings)
        )

    async def _until_led(self, shapes: Sequence[Shape]) -> None:
        """Wait until every partition of new topics has a leader that is known."""
        stored = [self._cluster.stored(shape.topic) for shape in shapes]
        with reaching("waiting for new topics"):
            async with asyncio.timeout(ADMIN_SECONDS):
                while not _are_led(await self._admin.describe_topics(stored)):  # noqa: ASYNC110 # only asking tells
                    await asyncio.sleep(PAUSE_SECONDS)

    async def _drop_groups(self) -> None:
        deadline = asyncio.get_running_loop().time() + LINGER_SECONDS
        while left := await self._delete_groups():
            if asyncio.get_running_loop().time() > deadline:
                raise Unavailable(f"Kafka: groups with members cannot be deleted: {', '.join(sorted(left))}")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _delete_groups(self) -> set[str]:
        """Delete the groups under the prefix; return those that still have members, who were asked to go."""
        listed = await self._admin.list_consumer_groups()
        left = set()
        for group in [name for name, *_ in listed if name.startswith(self._cluster.prefix)]:
            node = await self._admin.find_coordinator(group)
            answer: Answer = await self._admin._send_request(DeleteGroupsRequest([group]), node)
            ((_, code),) = answer.results
            error = for_code(code)
            if error is NonEmptyGroup:
                left.add(group)
                await self._expel(group, node)
            elif error not in (NoError, GroupIdNotFound):
                raise error(group)
        return left

    async def _expel(self, group: str, node: int) -> None:
        """Make the group forget its members: one that has a name stays on for a while after it has gone."""
        (described,) = await self._admin.describe_consumer_groups([group], node)
        for one in described.to_object()["groups"]:
            for member in one["members"]:
                await self._admin._send_request(LeaveGroupRequest(group, member["member_id"]), node)


def _check(answer: Answer) -> None:
    for topic, code, *said in answer.topic_errors:
        error = for_code(code)
        if error not in (NoError, TopicAlreadyExistsError):
            raise StartError(
                f"topic {topic} cannot be created: {error.__name__} {said[0] if said and said[0] else ''}".strip()
            )


def _are_led(described: Sequence[Answer]) -> bool:
    parts = [part for topic in described for part in topic["partitions"] or [{"leader": -1}]]
    return bool(parts) and all(part["leader"] != -1 for part in parts)
