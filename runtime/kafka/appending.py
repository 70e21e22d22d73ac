"""Appends: those that wait while a request is under way share the next one; an idempotent producer, renewed when it fails.

A batch of one partition is written whole or not at all. Over several partitions an append is no transaction: where it
fails it may have reached some of them, and whoever tries again repeats those; ids that follow from the inputs make that
harmless.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.structs import TopicPartition as Place

from runtime.clock import Clock
from runtime.errors import Unavailable
from runtime.failpoints import reach
from runtime.kafka.batches import Batch, Fate, options, send
from runtime.kafka.cluster import Cluster
from runtime.kafka.faults import CLIENT, described, reaching, too_large
from runtime.kafka.quitting import quit_producer
from runtime.kafka.records import Record

APPEND_SECONDS: Final = 10.0

Waiting = tuple[Batch, "asyncio.Future[None]"]


class Appender:
    """Writes batches in the order in which they came."""

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        self._cluster = cluster
        self._clock = clock
        self._waiting: list[Waiting] = []
        self._flusher: asyncio.Task[None] | None = None
        self._producer: AIOKafkaProducer | None = None
        self._closed = False

    async def append(self, batch: Batch) -> None:
        """Return when ``batch`` is durable.

        Raises:
            Unavailable: the cluster did not take it in time; it may still have reached some partitions.
        """
        if self._closed:
            raise Unavailable("this log is closed")
        landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, landed))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        await landed

    async def close(self) -> None:
        """Finish what waits, and let go of the connections."""
        self._closed = True
        if self._flusher is not None:
            await self._flusher
        await self._renew(orderly=True)

    async def _flush(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            reach("log.write.before")
            (outcome,) = await asyncio.gather(self._send(_joined(taken)), return_exceptions=True)
            _tell(taken, outcome)

    async def _send(self, batch: Batch) -> Mapping[Place, Fate]:
        try:
            with reaching("appending"):
                async with asyncio.timeout(APPEND_SECONDS):
                    producer = await self._connected()
                    reach("log.write.begun")
                    sending = asyncio.ensure_future(send(producer, batch, self._clock.now()))
                    await asyncio.sleep(0)
                    reach("log.write.appended")
                    fates = await sending
        except Unavailable:
            await self._renew(orderly=False)
            raise
        if any(fates.values()):
            await self._renew(orderly=False)
        reach("log.write.complete")
        reach("log.write.committed")
        return fates

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(**options(self._cluster, "stanch-append"))
            try:
                await producer.start()
            except BaseException:
                await quit_producer(producer, orderly=False)
                raise
            self._producer = producer
        return self._producer

    async def _renew(self, *, orderly: bool) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await quit_producer(producer, orderly=orderly)


def _joined(taken: list[Waiting]) -> Batch:
    together: dict[Place, list[Record]] = {}
    for batch, _ in taken:
        for place, rows in batch.items():
            together.setdefault(place, []).extend(rows)
    return together


def _tell(taken: list[Waiting], outcome: "Mapping[Place, Fate] | BaseException") -> None:
    """Pass on what became of the partitions, to those who still wait for them."""
    for batch, landed in taken:
        if landed.done():
            continue
        error = _told(outcome, "") if isinstance(outcome, BaseException) else _first(outcome, batch)
        if error is None:
            landed.set_result(None)
        else:
            landed.set_exception(error)


def _first(fates: Mapping[Place, Fate], batch: Batch) -> BaseException | None:
    for place in batch:
        fate = fates[place]
        if fate is not None:
            return _told(fate, f" to {place.topic}/{place.partition}")
    return None


def _told(fate: BaseException, whither: str) -> BaseException:
    """Return ``fate`` in our words. Nobody cancels a flush: a cancellation is one of the client's own tasks, let through."""
    if isinstance(fate, MessageSizeTooLargeError):
        return too_large(fate)
    if isinstance(fate, (*CLIENT, asyncio.CancelledError)):
        return Unavailable(f"Kafka, appending{whither}: {described(fate)}")
    return fate
