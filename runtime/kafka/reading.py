"""A partition read without a group: what is committed up to now, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import NoError, OffsetOutOfRangeError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord
from aiokafka.structs import TopicPartition as Place

from runtime.kafka.wire import Wire

PAGE_BYTES: Final = 8 * 1024 * 1024
BEGINNING: Final = -2
SETTLING_SECONDS: Final = 2.0
"""A commit returns before its messages are visible; a reader waits so long for a transaction that seems to end."""
_PAUSE_SECONDS: Final = 0.005
_BREATH: Final = 500

_log = structlog.get_logger("kafka")


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer holds of a place: records, the end of what may be read, and the end of what is written."""

    records: PartitionRecords
    stable: int
    end: int

    @property
    def following(self) -> int:
        """The offset behind what has been taken from the page."""
        return int(self.records.next_fetch_offset)


async def records(wire: Wire, place: Place, start: int) -> "AsyncIterator[ConsumerRecord[Any, Any]]":
    """Yield what is committed in ``place`` from ``start`` to the end as it is now.

    A transaction that is open when the reader comes to it is waited for, but not for long; what lies behind it cannot
    be read before it has ended. A single answer says when there is nothing.

    Raises:
        Unavailable: the cluster does not answer.
    """
    page = await _page(wire, place, start)
    following, end, patience = start, page.end, SETTLING_SECONDS
    while following < end:
        for count, record in enumerate(readable(page.records), 1):
            if record.offset >= end:
                return
            yield record
            if count % _BREATH == 0:
                await asyncio.sleep(0)
        if page.following == following:
            patience -= _PAUSE_SECONDS
            if page.stable >= end or patience < 0:
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        following = page.following
        page = await _page(wire, place, following) if following < end else page


def readable(page: PartitionRecords) -> "Iterator[ConsumerRecord[Any, Any]]":
    """Yield the records of ``page`` up to its end, or up to one that the client cannot read, which is passed over."""
    try:
        yield from page
    except UnicodeDecodeError as error:
        _log.error("a record with a header whose name is no text is passed over", offset=page.next_fetch_offset,
                   reason=str(error))  # fmt: skip
        page.next_fetch_offset += 1


async def _page(wire: Wire, place: Place, start: int) -> Page:
    """Return what lies at ``start`` and behind it; where retention has taken that, what is left."""
    what = f"reading {place.topic}/{place.partition}"
    page = await wire.insist(what, partial(_fetch, wire, place, start))
    if page is not None:
        return page
    first = (await wire.offsets({place: BEGINNING}))[place][0]
    if first <= start:  # beyond the end
        return Page(_parsed(place, start, b"", None), start, start)
    return await _page(wire, place, first)


async def _fetch(wire: Wire, place: Place, start: int) -> Page | None:
    """Return a page, or None where ``start`` lies outside of what there is."""
    wanted = [(place.topic, [(place.partition, start, PAGE_BYTES)])]
    answer = await wire.to_leader(place, FetchRequest(0, 0, PAGE_BYTES, READ_COMMITTED, wanted, rack_id=""))
    ((_, ((_, code, end, stable, *rest),)),) = answer.topics
    error = for_code(code)
    if error is OffsetOutOfRangeError:
        return None
    if error is not NoError:
        raise error(f"{place.topic}/{place.partition}")
    aborted = rest[1] if answer.API_VERSION >= 11 else rest[-2]
    return Page(_parsed(place, start, rest[-1], aborted), stable, end)


def _parsed(place: Place, start: int, found: bytes, aborted: object) -> PartitionRecords:
    return PartitionRecords(place, MemoryRecords(found), aborted, start, None, None, True, READ_COMMITTED)
