"""How many messages a group has not done. The marks of transactions take offsets too, so only reading tells."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka.structs import TopicPartition as Place

from runtime.kafka.cluster import Cluster
from runtime.kafka.reading import records
from runtime.kafka.wire import Wire


@dataclass(slots=True)
class _Known:
    """The offsets of the messages that lie between what was committed and how far was read."""

    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    read: int = 0


class Lag:
    """Counts; each message is read once, and what was found is kept."""

    def __init__(self, cluster: Cluster, wire: Wire) -> None:
        self._cluster = cluster
        self._wire = wire
        self._known: dict[tuple[str, Place], _Known] = {}

    async def of(self, group: str, topics: Sequence[str]) -> int:
        """Return how many messages of ``topics`` lie behind what ``group`` has committed; an open transaction is one.

        Raises:
            Unavailable: the cluster does not answer, or a topic does not exist.
        """
        stored = [self._cluster.stored(topic) for topic in topics]
        places = [Place(topic, number) for topic in stored for number in range(await self._wire.partitions(topic))]
        committed = await self._wire.committed(group, places)
        written = await self._wire.ends(places, committed=False)
        ends = await self._wire.ends(places)
        behind = sum([await self._behind(group, place, committed[place], ends[place]) for place in places])
        return behind + sum(ends[place] < written[place] for place in places)

    async def _behind(self, group: str, place: Place, committed: int, end: int) -> int:
        known = self._known.setdefault((group, place), _Known())
        known.read = max(known.read, committed)
        if known.read < end:
            async for record in records(self._wire, place, known.read):
                known.offsets.append(record.offset)
                known.read = record.offset + 1
            known.read = max(known.read, end)
        del known.offsets[: bisect_left(known.offsets, committed)]
        return len(known.offsets)
