"""What a consumer has fetched: taken fairly from its partitions, and whether there is more to come."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError
from aiokafka.structs import ConsumerRecord
from aiokafka.structs import TopicPartition as Place

from runtime.kafka.membership import Membership
from runtime.kafka.wire import Answer, Wire

MOMENT_SECONDS: Final = 5.0
"""How long one waits for what is known to be there, even where one may not wait for news."""
SETTLING_SECONDS: Final = 1.0
"""How long one who may not wait for news waits for a transaction that is just ending."""
_STEP_SECONDS: Final = 0.05
_NOWHERE: Final = Place("", 0)

Records = Sequence["ConsumerRecord[Any, Any]"]

_log = structlog.get_logger("kafka")


class Fetched:
    """The records that a member's consumer holds ready."""

    def __init__(self, membership: Membership, wire: Wire) -> None:
        self._membership = membership
        self._wire = wire
        self._turn = 0
        self._careful: set[Place] = set()

    async def take(self, limit: int, deadline: float) -> Records:
        """Return at most ``limit`` records: those that are there, else the first that come until ``deadline``.

        None come back only where the partitions had come to their ends.
        """
        loop = asyncio.get_running_loop()
        began, start = time.time_ns() // 1_000_000, loop.time()
        found = await self._ready(limit)
        while not found and (left := deadline - loop.time()) > 0:
            found = await self._coming(limit, left)
        settled = start + (SETTLING_SECONDS if deadline <= start else 0.0)
        while not found and loop.time() < max(deadline, start + MOMENT_SECONDS):
            if not await self._is_behind(began, committed=loop.time() > settled):
                break
            found = await self._coming(limit, _STEP_SECONDS)
        return found

    async def _ready(self, limit: int) -> Records:
        """Take what is there, beginning with another partition each time. Lets no other task run in between."""
        if not self._membership.is_settled:
            return ()
        await self._consumer.getmany(_NOWHERE, timeout_ms=0)  # raises what the client came upon
        places = sorted(self._consumer.assignment())
        self._turn += 1
        turn = self._turn % max(1, len(places))
        found: list[ConsumerRecord[Any, Any]] = []
        for place in places[turn:] + places[:turn]:
            if len(found) < limit and self._membership.is_settled:
                found += await self._of(place, limit - len(found))
        return found

    async def _coming(self, limit: int, seconds: float) -> Records:
        """Wait for something to be fetched, and take it."""
        fetcher: Answer = self._consumer._fetcher
        waiter = fetcher._create_fetch_waiter()
        try:
            await asyncio.wait({waiter}, timeout=seconds)
            if waiter.done():
                waiter.result()  # raises what the client came upon
        finally:
            waiter.cancel()
        return await self._ready(limit)

    async def _of(self, place: Place, most: int) -> Records:
        """Take records of ``place``. One with a header whose name is no text makes the client fail: it is passed over."""
        try:
            careful = place in self._careful
            pages = await self._consumer.getmany(place, timeout_ms=0, max_records=1 if careful else most)
        except UnicodeDecodeError as error:
            self._pass_over(place, error)
            return ()
        return pages.get(place, ())

    def _pass_over(self, place: Place, error: UnicodeDecodeError) -> None:
        """Come to the unreadable record one by one, then step over it."""
        position = self._state(place).position
        if place not in self._careful:
            self._careful.add(place)
        else:
            self._careful.discard(place)
            _log.error("a record with a header whose name is no text is passed over", topic=place.topic,
                       partition=place.partition, offset=position, reason=str(error))  # fmt: skip
            position += 1
        self._consumer.seek(place, position)

    async def _is_behind(self, began: int, *, committed: bool) -> bool:
        """Whether some partition that is read has more than was taken. Asks where no answer since ``began`` says so."""
        consumer = self._consumer
        with suppress(IllegalStateError):  # the group takes it away just now
            unsure = [place for place in consumer.assignment() - consumer.paused() if not self._is_at_end(place, began)]
            ends = await self._wire.ends(unsure, committed=committed) if unsure else {}
            async with asyncio.timeout(MOMENT_SECONDS):
                return any([await consumer.position(place) < end for place, end in ends.items()])
        return False

    def _is_at_end(self, place: Place, began: int) -> bool:
        state = self._state(place)
        if not state.has_valid_position or state.timestamp is None or state.lso is None:
            return False
        return bool(state.timestamp > began and state.position >= state.lso)

    def _state(self, place: Place) -> Answer:
        return self._consumer._subscription.subscription.assignment.state_value(place)

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        return self._membership.consumer
