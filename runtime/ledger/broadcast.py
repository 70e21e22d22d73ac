"""Topics of which every owner knows everything: read whole before the service is ready, then followed."""

from collections.abc import Sequence

from runtime.delivery import Delivery
from runtime.log import Log, Received, TopicPartition


class Broadcast:
    """The newest message per key of some topics, read outside of the group."""

    def __init__(self, log: Log, topics: Sequence[str], delivery: Delivery) -> None:
        self._log = log
        self._topics = topics
        self._delivery = delivery
        self._next: dict[TopicPartition, int] = {}
        self._latest: dict[tuple[str, str], Received] = {}

    @property
    def topics(self) -> frozenset[str]:
        """The topics that are followed."""
        return frozenset(self._topics)

    async def news(self) -> Sequence[Received]:
        """Return what has appeared since the last call."""
        if not self._topics:
            return ()
        found = await self._delivery.patiently(self._read)
        for received in found:
            self._next[received.place] = received.offset + 1
            self._latest[received.topic, received.key] = received
        return found

    def latest(self) -> Sequence[Received]:
        """Return the newest message of every key, in the order in which they appeared."""
        return sorted(self._latest.values(), key=lambda one: (one.topic, one.partition, one.offset))

    def forget(self, received: Received) -> None:
        """Drop a message that can never be handled, so that no further tenant is given it."""
        if self._latest.get((received.topic, received.key)) == received:
            del self._latest[received.topic, received.key]

    async def _read(self) -> list[Received]:
        found: list[Received] = []
        for topic in self._topics:
            for partition in range(await self._log.partitions(topic)):
                start = self._next.get(TopicPartition(topic, partition), 0)
                found += [received async for received in self._log.read(topic, partition, start)]
        return found
