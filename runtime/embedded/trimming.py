"""Runs retention over a log: chunk by chunk, each in its own transaction."""

import sqlite3
from collections.abc import Callable
from functools import partial

from runtime.embedded.retention import Extent, Retention, Trimmed, compact, extents, trim_age, trim_size
from runtime.embedded.store import Store

Step = Callable[[sqlite3.Connection], Trimmed]


async def trim(store: Store, retention: Retention, now: int) -> Trimmed:
    """Forget by age and by key, then by size: first what everybody has read, then the rest."""
    total = Trimmed()
    for extent in await store.database.read(partial(_extents, store)):
        total += await _exhaust(store, _by_kind(extent, retention, now))
    for unread in (False, True):
        total += await _exhaust(store, partial(_by_size, store, retention, unread))
    return total


def _extents(store: Store, connection: sqlite3.Connection) -> list[Extent]:
    return extents(connection, store.places.all(connection), store.naming.prefix)


def _by_kind(extent: Extent, retention: Retention, now: int) -> Step:
    if extent.kind == "compact":
        return partial(compact, extent=extent)
    return partial(trim_age, extent=extent, age=retention.ages[extent.kind], now=now)


def _by_size(store: Store, retention: Retention, unread: bool, connection: sqlite3.Connection) -> Trimmed:
    return trim_size(connection, _extents(store, connection), retention.most_bytes, unread=unread)


async def _exhaust(store: Store, step: Step) -> Trimmed:
    """Repeat ``step`` until it finds nothing more."""
    total = Trimmed()
    while (done := await store.database.write("retention", step)).messages:
        total += done
    return total
