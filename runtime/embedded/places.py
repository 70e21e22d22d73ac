"""Which partitions exist. They come into being with their first message and keep their id for ever."""

import sqlite3
from dataclasses import dataclass

from runtime.embedded.schema import OFFSET_BITS
from runtime.log import TopicPartition


@dataclass(frozen=True, slots=True)
class Place:
    """A partition of a stored topic. ``first`` is the id that offset 0 has."""

    id: int
    topic: str
    partition: int

    @property
    def first(self) -> int:
        """The id of offset 0."""
        return self.id << OFFSET_BITS

    @property
    def key(self) -> TopicPartition:
        """Its stored name."""
        return TopicPartition(self.topic, self.partition)


class Places:
    """Remembers the partitions, so that a poll asks only whether there are new ones."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Place] = {}
        self._newest = 0

    def all(self, connection: sqlite3.Connection) -> list[Place]:
        """Return every partition, in the order of their birth."""
        self._refresh(connection)
        return list(self._known.values())

    def find(self, connection: sqlite3.Connection, place: TopicPartition) -> Place | None:
        """Return the partition, unless nothing was ever appended to it."""
        self._refresh(connection)
        return self._known.get((place.topic, place.partition))

    def forget(self) -> None:
        """Look afresh: some were deleted."""
        self._known.clear()
        self._newest = 0

    def _refresh(self, connection: sqlite3.Connection) -> None:
        (newest,) = connection.execute("SELECT MAX(id) FROM places").fetchone()
        if newest is None or newest <= self._newest:
            return
        rows = connection.execute("SELECT id, topic, partition FROM places WHERE id > ? ORDER BY id", (self._newest,))
        self._known.update({(topic, partition): Place(id_, topic, partition) for id_, topic, partition in rows})
        self._newest = newest


def next_offset(connection: sqlite3.Connection, place: TopicPartition) -> int:
    """Return the offset that the next message of ``place`` will have."""
    row = connection.execute(
        "SELECT next FROM places WHERE topic = ? AND partition = ?", (place.topic, place.partition)
    ).fetchone()
    return 0 if row is None else int(row[0])


def take_offsets(connection: sqlite3.Connection, place: TopicPartition, count: int) -> int:
    """Reserve ``count`` offsets in ``place`` and return the id that the first of them has."""
    connection.execute(
        "INSERT INTO places (topic, partition, next) VALUES (?, ?, ?)"
        " ON CONFLICT (topic, partition) DO UPDATE SET next = next + excluded.next",
        (place.topic, place.partition, count),
    )
    id_, following = connection.execute(
        "SELECT id, next FROM places WHERE topic = ? AND partition = ?", (place.topic, place.partition)
    ).fetchone()
    return int((id_ << OFFSET_BITS) + following - count)
