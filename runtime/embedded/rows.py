"""Messages to rows and back."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from runtime.embedded.places import Place, take_offsets
from runtime.embedded.schema import OFFSET_MASK
from runtime.errors import Oversize, Rejected
from runtime.log import MAX_MESSAGE_BYTES, Message, Received, TopicPartition
from runtime.partitions import partition_of

Row = tuple[str, str, bytes, bytes]
Batch = Mapping[TopicPartition, Sequence[Row]]

MAX_POLL_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Naming:
    """How declared names become stored ones, and how many partitions each has."""

    prefix: str
    partitions: int

    def stored(self, place: TopicPartition) -> TopicPartition:
        """Return ``place`` under its stored name."""
        return TopicPartition(self.prefix + place.topic, place.partition) if self.prefix else place


def prepare(messages: Sequence[Message], naming: Naming) -> Batch:
    """Sort ``messages`` by partition, in order, ready to be written.

    Raises:
        Oversize: one is larger than the log takes.
        Rejected: a key or a header is no Unicode text.
        KeyError: nobody declared a topic.
    """
    batch: dict[TopicPartition, list[Row]] = {}
    for message in messages:
        row = _row(message)
        place = TopicPartition(naming.prefix + message.topic, partition_of(message, naming.partitions))
        batch.setdefault(place, []).append(row)
    return batch


def topics_of(batch: Batch) -> frozenset[str]:
    """Return the topics to which ``batch`` goes, by their stored names."""
    return frozenset(place.topic for place in batch)


def _row(message: Message) -> Row:
    try:
        headers = orjson.dumps(dict(message.headers))
        size = len(message.key.encode()) + len(headers) + len(message.value)
    except (UnicodeEncodeError, orjson.JSONEncodeError) as error:
        raise Rejected(f"a message for {message.topic} whose key or headers are no text: {error}") from error
    if size > MAX_MESSAGE_BYTES:
        raise Oversize(f"a message of {size} bytes for {message.topic}; the log takes {MAX_MESSAGE_BYTES}")
    return message.tenant, message.key, headers, message.value


def insert(connection: sqlite3.Connection, batch: Batch, at: int) -> None:
    """Write ``batch`` at the ends of its partitions, received at ``at``."""
    for place, rows in batch.items():
        first = take_offsets(connection, place, len(rows))
        connection.executemany(
            "INSERT INTO messages (id, at, tenant, key, headers, value) VALUES (?, ?, ?, ?, ?, ?)",
            ((first + index, at, *row) for index, row in enumerate(rows)),
        )


@dataclass(frozen=True, slots=True)
class Cursor:
    """From where a partition is read, and under which name its messages are handed out."""

    place: Place
    topic: str
    offset: int


def select(connection: sqlite3.Connection, cursor: Cursor, limit: int) -> Iterator[Received]:
    """Yield at most ``limit`` messages from ``cursor`` on, in order."""
    first = cursor.place.first
    rows = connection.execute(
        "SELECT id, at, tenant, key, headers, value FROM messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
        (first + cursor.offset, first + OFFSET_MASK, limit),
    )
    topic, partition = cursor.topic, cursor.place.partition
    for id_, at, tenant, key, headers, value in rows:
        yield Received(topic, partition, id_ & OFFSET_MASK, tenant, key, value, orjson.loads(headers), at)


def gather(connection: sqlite3.Connection, cursors: Sequence[Cursor], limit: int) -> list[Received]:
    """Return at most ``limit`` messages of ``cursors``, one partition after the other, and not too many bytes."""
    found: list[Received] = []
    room = MAX_POLL_BYTES
    for cursor in cursors:
        for received in select(connection, cursor, limit - len(found)):
            found.append(received)
            room -= len(received.value)
            if room <= 0:
                return found
        if len(found) >= limit:
            break
    return found
