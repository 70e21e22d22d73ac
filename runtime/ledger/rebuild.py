"""Rebuilding what is no ledger state: the inputs of the look-back, read once more, with nothing emitted."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Protocol, TypeVar, runtime_checkable

from runtime.log import Log, Received, TopicPartition
from runtime.pace import Pace

State_contra = TypeVar("State_contra", contravariant=True)

_BREATH = 500


@runtime_checkable
class Rebuilds(Protocol[State_contra]):
    """A machine whose state holds a projection of its inputs beside what the ledger tells."""

    def rebuild(self, state: State_contra, received: Received, now: int) -> None:
        """Take ``received``, which was decided on before, into the projection."""
        ...


async def past(log: Log, ends: Mapping[TopicPartition, int], since: int, pace: Pace) -> AsyncIterator[Received]:
    """Yield what lies in each place before its end, received from ``since`` on, the places merged by time."""
    readers = [_until(log, place, await log.offset_at(place, since), end) for place, end in ends.items()]
    heads = {index: first for index, reader in enumerate(readers) if (first := await anext(reader, None))}
    count = 0
    while heads:
        index = min(heads, key=lambda at: (pace.moment(heads[at]), at))
        yield heads.pop(index)
        if (following := await anext(readers[index], None)) is not None:
            heads[index] = following
        count += 1
        if count % _BREATH == 0:
            await asyncio.sleep(0)


async def _until(log: Log, place: TopicPartition, start: int, end: int) -> AsyncIterator[Received]:
    if start >= end:
        return
    async for received in log.read(place.topic, place.partition, start):
        if received.offset >= end:
            return
        yield received
