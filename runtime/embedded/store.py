"""What every part of one embedded log holds in common: the database, the clock, the names and the known partitions."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.clock import Clock
from runtime.embedded.database import Database
from runtime.embedded.offsets import commit_offsets
from runtime.embedded.places import Places
from runtime.embedded.rows import Batch, Naming, insert
from runtime.errors import Unavailable
from runtime.failpoints import reach
from runtime.log import TopicPartition


@dataclass(frozen=True, slots=True)
class Done:
    """What a group has done, under stored names."""

    group: str
    upto: Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Store:
    """One embedded log from the inside."""

    database: Database
    clock: Clock
    naming: Naming
    capacity_bytes: int
    places: Places = field(default_factory=Places)

    def put(self, connection: sqlite3.Connection, batch: Batch, done: Done | None = None) -> None:
        """Write ``batch``, then the offsets; to be called within a write."""
        if batch:
            insert(connection, batch, self.clock.now())
        reach("log.write.appended")
        if done is not None:
            commit_offsets(connection, done.group, done.upto)

    def stored(self, upto: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Return ``upto`` under stored names."""
        return {self.naming.stored(place): offset for place, offset in upto.items()}

    def ensure_room(self, connection: sqlite3.Connection) -> None:
        """Refuse what may wait when the log is full.

        The ledgers are not asked: what they write ends containments, and they have a reserve above the capacity.

        Raises:
            Unavailable: the log holds as much as it may.
        """
        used = used_bytes(connection)
        if used >= self.capacity_bytes:
            raise Unavailable(f"the log is full: {used} of {self.capacity_bytes} bytes; trim it or raise its capacity")


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return how many bytes of the database are in use; what was deleted is free to be used again."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)
