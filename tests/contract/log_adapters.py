"""Every adapter of the log, as the contract suite sees it. A new adapter joins ``ADAPTERS`` and nothing else."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.clock import Clock, WallClock
from runtime.embedded import EmbeddedLog
from runtime.kafka import KafkaLog
from runtime.log import Log, Message, OnAssigned, OnRevoked, Ownership, Received, Subscription, TopicPartition
from tests.contract.log_topics import have_topics, prefix_of

ANSWER_SECONDS = 10.0
SESSION_SECONDS = 6.0  # the least that a broker allows
MEMORY = "memory"
KAFKA = "kafka"


class LogApart(KafkaLog):
    """Puts its prefix before the groups, as a deployment does: tests of several workers share one broker."""

    @asynccontextmanager
    async def subscribe(
        self, group: str, topics: Sequence[str], on_assigned: OnAssigned, on_revoked: OnRevoked
    ) -> AsyncIterator[Subscription]:
        async with super().subscribe(self._cluster.prefix + group, topics, on_assigned, on_revoked) as subscription:
            yield subscription

    async def own(self, service: str, partition: int) -> Ownership:
        return OwnerApart(await super().own(service, partition), self._cluster.prefix)


@dataclass(frozen=True)
class OwnerApart:
    """Commits for groups whose names begin with ``prefix``."""

    inner: Ownership
    prefix: str

    @property
    def partition(self) -> int:
        return self.inner.partition

    @property
    def epoch(self) -> int:
        return self.inner.epoch

    async def commit(self, outputs: Sequence[Message], upto: Mapping[TopicPartition, int], group: str) -> None:
        await self.inner.commit(outputs, upto, self.prefix + group)


def open_log(
    address: str, clock: Clock | None = None, partitions: int = 1, prefix: str = "", member: str | None = None
) -> Log:
    """A client of the log at ``address``; a child process opens the same log by the same words.

    A ``member`` is known to its groups by name, where there is a server that knows names.
    """
    kind, _, rest = address.partition(":")
    if kind == MEMORY:
        return EmbeddedLog(None, clock or WallClock(), partitions, prefix)
    if kind == KAFKA:
        bootstrap, _, own = rest.partition("/")
        return LogApart(bootstrap, clock or WallClock(), own + prefix, member=member, session_seconds=SESSION_SECONDS)
    assert kind == "file", address
    return EmbeddedLog(Path(rest), clock or WallClock(), partitions, prefix, patience=0.5)


def starved(address: str) -> Log:
    """A client of a log that has room for some hundred kilobytes and no more."""
    _, _, rest = address.partition(":")
    return EmbeddedLog(Path(rest) if rest else None, WallClock(), capacity_bytes=400_000)


@dataclass(frozen=True)
class Adapter:
    """One kind of log. ``shared``: other processes and later ones see it. ``exclusive``: one file, one writer at a
    time, so that a frozen one holds up the others, and only so much room.
    """

    name: str
    address: Callable[[Path], str]
    shared: bool
    exclusive: bool

    @asynccontextmanager
    async def open(
        self, folder: Path, clock: Clock | None = None, partitions: int = 1, prefix: str = ""
    ) -> AsyncIterator[Log]:
        if self.name == KAFKA:
            have_topics(folder, partitions, prefix)
        log = open_log(self.address(folder), clock, partitions, prefix)
        try:
            yield log
        finally:
            await log.close()

    @asynccontextmanager
    async def starve(self, folder: Path) -> AsyncIterator[Log]:
        log = starved(self.address(folder))
        try:
            yield log
        finally:
            await log.close()

    def __str__(self) -> str:
        return self.name


def on_kafka(folder: Path) -> str:
    """The address of the topics that belong to ``folder``."""
    return f"{KAFKA}:{have_topics(folder)}/{prefix_of(folder)}"


ADAPTERS = (
    Adapter("memory", lambda _: MEMORY, shared=False, exclusive=False),
    Adapter("sqlite", lambda folder: f"file:{folder / 'log.sqlite3'}", shared=True, exclusive=True),
    Adapter(KAFKA, on_kafka, shared=True, exclusive=False),
)
EMBEDDED = tuple(adapter for adapter in ADAPTERS if adapter.name != KAFKA)
BOUNDED = EMBEDDED  # a broker's room is its operator's
SHARED = tuple(adapter for adapter in ADAPTERS if adapter.shared)


def finding(text: str, tenant: str = "acme", key: str = "k") -> Message:
    """A message of a topic that is partitioned by tenant."""
    return Message("findings", tenant, key, text.encode(), {"origin": text})


def event(text: str, key: str) -> Message:
    """A message of a topic that is partitioned by its whole key."""
    return Message("events", "acme", key, text.encode())


async def ignore(_: frozenset[int]) -> None:
    """A callback of somebody who does not care which partitions it has."""


async def drain(subscription: Subscription, count: int, limit: int = 100) -> list[Received]:
    """Poll until ``count`` messages have come; an adapter that loses one fails here."""
    found: list[Received] = []
    while len(found) < count:
        page = await subscription.poll(min(limit, count - len(found)), ANSWER_SECONDS)
        assert page, f"{len(found)} of {count} messages came"
        found += page
    return found


def after(messages: Sequence[Received]) -> dict[TopicPartition, int]:
    """What to commit when ``messages`` are done."""
    return {message.place: message.offset + 1 for message in messages}


def texts(messages: Sequence[Received]) -> list[str]:
    return [message.value.decode() for message in messages]


async def content(log: Log, topic: str, partition: int = 0, start: int = 0) -> list[str]:
    """Everything that is committed in a partition."""
    return [message.value.decode() async for message in log.read(topic, partition, start)]


async def fill(log: Log) -> None:
    """Append until the log refuses, at most some megabytes."""
    for number in range(1_000):
        await log.append([finding("x" * 5_000), finding(str(number))])
