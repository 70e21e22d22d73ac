"""pulse on the log port, live: what the clock tells it, and what a restart does not tell twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from runtime.clock import VirtualClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.log import Message
from runtime.worker import Worker
from schemas.finding import Finding
from schemas.identity import compose as key_of
from schemas.measure import Measure
from schemas.topics import FINDINGS, MEASURES
from services.detect.pulse.__main__ import compose

START = 1_760_000_040
MINUTE = 60


class World:
    """An embedded log under a clock that the test moves; messages are received when the clock says."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(START * 1000)
        self.log = EmbeddedLog(None, self.clock, 2)
        self.deployment = Deployment(self.log, {}, self.clock, folder)
        self.second = START

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Worker]:
        worker = compose(self.deployment)
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop()

    def passes(self, seconds: int) -> None:
        self.second += seconds
        self.clock.advance(self.second * 1000)

    async def says(self, source: str, minutes: int) -> None:
        """The source counts ten records every ten seconds, and time passes."""
        for _ in range(minutes * 6):
            one = Measure(tenant="acme", service="ingest", name="base", subject=source, second=self.second, count=10)
            self.passes(10)
            key = key_of("acme", source)
            await self.log.append([Message(MEASURES.name, "acme", key, one.model_dump_json().encode())])

    async def titles(self) -> list[str]:
        return [
            Finding.model_validate_json(message.value).finding_info.title
            for partition in range(2)
            async for message in self.log.read(FINDINGS.name, partition)
        ]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    await world.log.close()


async def drain(worker: Worker) -> None:
    while await worker.step(0):
        pass


SILENT, SPEAKS = "A Source Fell Silent", "A Silent Source Speaks Again"


async def test_a_silence_is_told_by_the_clock_alone(world: World) -> None:
    async with world.worker() as worker:
        await world.says("gateway", 15)
        await drain(worker)
        world.passes(5 * MINUTE)
        assert await worker.step(0) == 0
        due = worker.deadline()
        assert due == (world.second - 10 + 30) * 1000
        world.passes(30)
        assert await worker.step(0) == 1
        assert await worker.step(0) == 0
    assert await world.titles() == [SILENT]


async def test_what_was_not_heard_while_it_was_down_is_no_silence(world: World) -> None:
    async with world.worker() as worker:
        await world.says("gateway", 15)
        await drain(worker)
    await world.says("gateway", 30)
    async with world.worker() as worker:
        await drain(worker)
    assert await world.titles() == []


async def test_a_silence_that_came_while_it_was_down_is_told(world: World) -> None:
    async with world.worker() as worker:
        await world.says("gateway", 15)
        await drain(worker)
    world.passes(20 * MINUTE)
    async with world.worker() as worker:
        await drain(worker)
    assert await world.titles() == [SILENT]


async def test_a_restart_tells_nothing_twice_and_still_knows_of_the_silence(world: World) -> None:
    async with world.worker() as worker:
        await world.says("gateway", 15)
        world.passes(10 * MINUTE)
        await drain(worker)
    for _ in range(2):
        async with world.worker() as worker:
            await drain(worker)
    async with world.worker() as worker:
        await world.says("gateway", 3)
        await drain(worker)
    assert await world.titles() == [SILENT, SPEAKS]


async def test_a_backlog_longer_than_a_batch_is_heard_in_the_order_of_its_times(world: World) -> None:
    async with world.worker() as worker:
        for _ in range(40):  # the two lie in different partitions
            await world.says("gateway", 1)
            world.second -= MINUTE
            await world.says("dc-1", 1)
            world.second -= MINUTE
            await world.says("dc-2", 1)
        await drain(worker)
    assert await world.titles() == []


async def test_poison_is_a_dead_letter_and_stops_nothing(world: World) -> None:
    async with world.worker() as worker:
        await world.says("gateway", 15)
        for value in (b"", b"{}", b'{"tenant": "other"}'):
            await world.log.append([Message(MEASURES.name, "acme", "k", value)])
        foreign = Measure(tenant="other", service="ingest", name="base", subject="x", second=START, count=1)
        await world.log.append([Message(MEASURES.name, "acme", "k", foreign.model_dump_json().encode())])
        world.passes(10 * MINUTE)
        await drain(worker)
    letters = [message.value async for message in world.log.read("dead-letters", 0)]
    letters += [message.value async for message in world.log.read("dead-letters", 1)]
    assert len(letters) == 4
    assert await world.titles() == [SILENT]
