"""The one writer of a service's partition: an epoch that is checked inside every transaction."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from runtime.embedded.rows import Batch, prepare, topics_of
from runtime.embedded.store import Done, Store
from runtime.errors import Fenced
from runtime.log import Message, TopicPartition


class EmbeddedOwnership:
    """Owns a partition of a service until somebody else takes it."""

    def __init__(self, store: Store, service: str, partition: int, epoch: int) -> None:
        self._store = store
        self._service = service
        self._partition = partition
        self._epoch = epoch

    @property
    def partition(self) -> int:
        """The partition that is owned."""
        return self._partition

    @property
    def epoch(self) -> int:
        """Counts the owners of this partition."""
        return self._epoch

    async def commit(self, outputs: Sequence[Message], upto: Mapping[TopicPartition, int], group: str) -> None:
        """Append ``outputs`` and commit the group's offsets, all or nothing."""
        batch = prepare(outputs, self._store.naming)
        done = Done(group, self._store.stored(upto))
        await self._store.database.write(self._service, partial(self._write, batch, done), topics_of(batch))

    def _write(self, batch: Batch, done: Done, connection: sqlite3.Connection) -> None:
        newest = epoch_of(connection, self._service, self._partition)
        if newest != self._epoch:
            raise Fenced(f"{self._service}/{self._partition}: epoch {self._epoch} was followed by {newest}")
        self._store.put(connection, batch, done)


def epoch_of(connection: sqlite3.Connection, service: str, partition: int) -> int:
    """Return the epoch of the newest owner; 0 where nobody ever owned it."""
    row = connection.execute(
        "SELECT epoch FROM epochs WHERE service = ? AND partition = ?", (service, partition)
    ).fetchone()
    return 0 if row is None else int(row[0])


def take_epoch(connection: sqlite3.Connection, service: str, partition: int) -> int:
    """Start a new epoch, which fences every owner before, and return it."""
    connection.execute(
        "INSERT INTO epochs VALUES (?, ?, 1) ON CONFLICT (service, partition) DO UPDATE SET epoch = epoch + 1",
        (service, partition),
    )
    return epoch_of(connection, service, partition)
