"""Looking back in the log, and deleting a whole prefix of it."""

import sqlite3
from functools import partial

from runtime.embedded.places import Place, next_offset
from runtime.embedded.schema import OFFSET_BITS, OFFSET_MASK
from runtime.embedded.store import Store
from runtime.log import TopicPartition

STRIDE = 20_000


async def first_since(store: Store, place: TopicPartition, instant: int) -> int:
    """Return the first offset of the stored ``place`` received at or after ``instant``, else its end.

    Receipt times may step back with the machine's clock, so it looks at each message; in strides, to let others in.
    """
    end = await store.database.read(partial(next_offset, place=place))
    known = await store.database.read(partial(store.places.find, place=place))
    if known is None:
        return end
    oldest = await store.database.read(partial(first_id, place=known))
    for start in range(known.first + end if oldest is None else oldest, known.first + end, STRIDE):
        found = await store.database.read(partial(_since, start=start, instant=instant))
        if found is not None:
            return min(found & OFFSET_MASK, end)
    return end


def first_id(connection: sqlite3.Connection, place: Place) -> int | None:
    """Return the id of the oldest message that ``place`` still has."""
    (oldest,) = connection.execute(
        "SELECT MIN(id) FROM messages WHERE id BETWEEN ? AND ?", (place.first, place.first + OFFSET_MASK)
    ).fetchone()
    return None if oldest is None else int(oldest)


def _since(connection: sqlite3.Connection, start: int, instant: int) -> int | None:
    row = connection.execute(
        "SELECT id FROM messages WHERE id BETWEEN ? AND ? AND at >= ? ORDER BY id LIMIT 1",
        (start, start + STRIDE - 1, instant),
    ).fetchone()
    return None if row is None else int(row[0])


def forget_prefix(store: Store, connection: sqlite3.Connection) -> None:
    """Delete all that is stored under the log's prefix."""
    store.places.forget()
    beginning = (len(store.naming.prefix), store.naming.prefix)
    places = connection.execute("SELECT id FROM places WHERE substr(topic, 1, ?) = ?", beginning).fetchall()
    for (id_,) in places:
        first = id_ << OFFSET_BITS
        connection.execute("DELETE FROM messages WHERE id BETWEEN ? AND ?", (first, first + OFFSET_MASK))
    for table, column in (("places", "topic"), ("offsets", "topic"), ("readers", "pattern"), ("epochs", "service"),
                          ("layouts", "prefix")):  # fmt: skip
        connection.execute(f"DELETE FROM {table} WHERE substr({column}, 1, ?) = ?", beginning)  # noqa: S608 # our names
