"""The port of the log: what every adapter promises, on SQLite and on Kafka alike.

Offsets count up per topic and partition and start at 0, with gaps allowed. A reader sees committed messages only.
The partition of a message follows from its topic's declaration: murmur2 of the tenant, or of the whole key.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
MAX_RECORD_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TopicPartition:
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be appended."""

    topic: str
    tenant: str
    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """A message with its place in the log. ``at`` is receipt time in epoch milliseconds."""

    topic: str
    partition: int
    offset: int
    tenant: str
    key: str
    value: bytes
    headers: Mapping[str, str]
    at: int

    @property
    def place(self) -> TopicPartition:
        """Where it came from."""
        return TopicPartition(self.topic, self.partition)


OnAssigned = Callable[[frozenset[int]], Awaitable[None]]
OnRevoked = Callable[[frozenset[int]], Awaitable[None]]


class Subscription(Protocol):
    """A group's view of some topics, of those partitions that this member owns."""

    async def poll(self, limit: int, wait: float) -> Sequence[Received]:
        """Return at most ``limit`` messages, in order per partition, after at most ``wait`` seconds."""
        ...

    async def commit(self, upto: Mapping[TopicPartition, int], outputs: Sequence[Message] = ()) -> None:
        """Append ``outputs``, then remember that everything before each offset is done: at least once.

        Raises:
            Oversize: an output is too large; nothing happened.
            Unavailable: the log did not take it; nothing is known to have happened.
            Fenced: a partition went to another member meanwhile; nothing happened.
        """
        ...

    async def seek(self, place: TopicPartition, offset: int) -> None:
        """Read ``place`` from ``offset`` on; what the group has committed stays."""
        ...

    async def committed(self, place: TopicPartition) -> int:
        """Return the first offset that the group has not committed."""
        ...

    def pause(self, place: TopicPartition) -> None:
        """Return nothing of ``place`` from ``poll`` until it is resumed."""
        ...

    def resume(self, place: TopicPartition) -> None:
        """Take ``place`` up again where it was paused."""
        ...


class Ownership(Protocol):
    """The one writer of a service's partition. Taking it fences the writer before."""

    @property
    def partition(self) -> int:
        """The partition that is owned."""
        ...

    @property
    def epoch(self) -> int:
        """Counts the owners of this partition."""
        ...

    async def commit(self, outputs: Sequence[Message], upto: Mapping[TopicPartition, int], group: str) -> None:
        """Append ``outputs`` (ledger entries among them) and commit the group's offsets, all or nothing.

        Raises:
            Fenced: a newer owner exists; nothing happened, and nothing will by this owner.
            Oversize: an output is too large; nothing happened.
            Unavailable: the log did not take it; nothing happened.
        """
        ...


class Log(Protocol):
    """An ordered, durable, partitioned log."""

    async def append(self, messages: Sequence[Message]) -> None:
        """Make ``messages`` durable, all or nothing, before it returns.

        Raises:
            Oversize: one is larger than ``MAX_MESSAGE_BYTES``; none was appended.
            Unavailable: the log is full or out of reach; none is known to be appended.
        """
        ...

    def subscribe(
        self, group: str, topics: Sequence[str], on_assigned: OnAssigned, on_revoked: OnRevoked
    ) -> AbstractAsyncContextManager[Subscription]:
        """Join ``group`` on ``topics``; a topic that ends in ``*`` stands for all that begin so."""
        ...

    async def own(self, service: str, partition: int) -> Ownership:
        """Become the owner of the service's partition; every earlier owner is fenced from here on."""
        ...

    def read(self, topic: str, partition: int, start: int = 0) -> AsyncIterator[Received]:
        """Yield what is committed in ``topic`` from ``start`` to the end as it is now."""
        ...

    async def partitions(self, topic: str) -> int:
        """Return how many partitions ``topic`` has; they are numbered from 0."""
        ...

    async def offset_at(self, place: TopicPartition, instant: int) -> int:
        """Return the first offset whose receipt time is at or after ``instant``, else the end."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...
