"""What the log forgets, oldest first: never a ledger, and nothing unread unless it must."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.embedded.offsets import committed_offset, matches
from runtime.embedded.places import Place, next_offset
from runtime.embedded.schema import OFFSET_MASK
from runtime.embedded.store import used_bytes
from runtime.log import TopicPartition
from schemas.times import HOUR
from schemas.topics import Retention as Kind
from schemas.topics import declared

DAY: Final = 24 * HOUR
CHUNK: Final = 2_000
_AGES: Final[Mapping[Kind, int]] = {"short": 7 * DAY, "long": 90 * DAY}


@dataclass(frozen=True, slots=True)
class Retention:
    """How long messages of a kind stay, in milliseconds, and how large the log may be before they go earlier."""

    ages: Mapping[Kind, int]
    most_bytes: int


DEFAULT: Final = Retention(_AGES, 10 * 2**30)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What was deleted; ``unread`` of these messages some known group had not consumed."""

    messages: int = 0
    unread: int = 0

    def __add__(self, other: "Trimmed") -> "Trimmed":
        return Trimmed(self.messages + other.messages, self.unread + other.unread)


@dataclass(frozen=True, slots=True)
class Extent:
    """A partition that may be trimmed: ``done`` is the first id that some known group still has to read."""

    place: Place
    kind: Kind
    done: int


def extents(connection: sqlite3.Connection, places: Iterable[Place], prefix: str) -> list[Extent]:
    """Return the partitions under ``prefix`` whose declaration lets them be trimmed at all."""
    found = []
    for place in places:
        if not place.topic.startswith(prefix):
            continue
        kind = _kind(place.topic[len(prefix) :])
        if kind is not None and kind != "forever":
            found.append(Extent(place, kind, place.first + _done(connection, place)))
    return found


def _kind(topic: str) -> Kind | None:
    """None for a topic of another prefix than ours: it belongs to somebody else."""
    try:
        return declared(topic).retention
    except KeyError:
        return None


def _done(connection: sqlite3.Connection, place: Place) -> int:
    at = TopicPartition(place.topic, place.partition)
    rows = connection.execute("SELECT reader, pattern FROM readers")
    readers = {reader for reader, pattern in rows if matches(place.topic, pattern)}
    return min([next_offset(connection, at), *(committed_offset(connection, reader, at) for reader in readers)])


def trim_age(connection: sqlite3.Connection, extent: Extent, age: int, now: int) -> Trimmed:
    """Delete at most a chunk of what is read and older than ``age``."""
    last = _last_of_chunk(connection, extent.place, extent.done - 1)
    young = connection.execute(
        "SELECT id FROM messages WHERE id BETWEEN ? AND ? AND at >= ? ORDER BY id LIMIT 1",
        (extent.place.first, last, now - age),
    ).fetchone()
    return Trimmed(_delete(connection, extent.place, last if young is None else young[0] - 1))


def compact(connection: sqlite3.Connection, extent: Extent) -> Trimmed:
    """Delete what is read and has a newer message of the same key."""
    gone = connection.execute(
        "DELETE FROM messages WHERE id BETWEEN ? AND ? AND id NOT IN"
        " (SELECT MAX(id) FROM messages WHERE id BETWEEN ? AND ? GROUP BY key)",
        (extent.place.first, extent.done - 1, extent.place.first, extent.place.first + OFFSET_MASK),
    ).rowcount
    return Trimmed(gone)


def trim_size(connection: sqlite3.Connection, found: Iterable[Extent], most_bytes: int, *, unread: bool) -> Trimmed:
    """Delete a chunk of the oldest, if the log is too large; what is not read only if ``unread`` says so."""
    if used_bytes(connection) <= most_bytes:
        return Trimmed()
    ends = [(extent, _end(extent, unread=unread)) for extent in found if extent.kind != "compact"]
    oldest = min(((at, extent.place.id, extent, end) for extent, end in ends
                  if (at := _oldest(connection, extent.place, end)) is not None), default=None)  # fmt: skip
    if oldest is None:
        return Trimmed()
    _, _, extent, end = oldest
    last = _last_of_chunk(connection, extent.place, end)
    lost = _count(connection, max(extent.place.first, extent.done), last)
    return Trimmed(_delete(connection, extent.place, last), lost)


def _end(extent: Extent, *, unread: bool) -> int:
    return extent.place.first + OFFSET_MASK if unread else extent.done - 1


def _oldest(connection: sqlite3.Connection, place: Place, last: int) -> int | None:
    row = connection.execute(
        "SELECT at FROM messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1", (place.first, last)
    ).fetchone()
    return None if row is None else int(row[0])


def _last_of_chunk(connection: sqlite3.Connection, place: Place, last: int) -> int:
    """Return the id that ends the first chunk of ``place``, at most ``last``."""
    row = connection.execute(
        "SELECT id FROM messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1 OFFSET ?", (place.first, last, CHUNK - 1)
    ).fetchone()
    return last if row is None else int(row[0])


def _delete(connection: sqlite3.Connection, place: Place, last: int) -> int:
    return connection.execute("DELETE FROM messages WHERE id BETWEEN ? AND ?", (place.first, last)).rowcount


def _count(connection: sqlite3.Connection, first: int, last: int) -> int:
    return int(
        connection.execute("SELECT COUNT(*) FROM messages WHERE id BETWEEN ? AND ?", (first, last)).fetchone()[0]
    )
