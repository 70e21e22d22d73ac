"""The broker is stopped, or killed, under load, and comes back: services go on by themselves; nothing lost or doubled."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import orjson
import pytest
from prometheus_client import CollectorRegistry

from runtime.clock import WallClock
from runtime.delivery import Breaker, Delivery
from runtime.errors import Unavailable
from runtime.kafka import KafkaAdmin, KafkaLog
from runtime.ledger import audit
from runtime.log import Log, Message, Received
from runtime.metrics import Metrics
from runtime.stream import StreamWorker
from runtime.worker import Worker
from tests.integration.kafka.members import ALL, PARTITIONS, TENANTS
from tests.servers.available import kafka_bootstrap
from tests.servers.kafka import Broker, running_broker
from tests.unit.runtime.toy import INPUT, LEDGER, NAME, OUTPUT, deployed, said, texts, toy_worker

pytestmark = pytest.mark.slow

AWAY_SECONDS = 5.0
RECOVERY_SECONDS = 120.0
"""Patience, not an aim: on a machine that is short of everything a broker takes long to know its groups again."""


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    kafka_bootstrap()  # skips, or fails, where there is none to be had
    with running_broker() as own:
        yield own


def impatient() -> Delivery:
    async def nap(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.5))

    return Delivery(NAME, metrics=Metrics(CollectorRegistry()), breaker=Breaker(10_000), sleep=nap)


@asynccontextmanager
async def at_work(worker: Worker) -> AsyncIterator[None]:
    """Let the worker step for ever; nothing that it raises is forgiven."""

    async def work() -> None:
        while True:
            await worker.step(0.2)

    await worker.start()
    working = asyncio.create_task(work())
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await worker.stop()


class Feeder:
    """Adds ones all the time; what was refused may have been written all the same, and is not tried again."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.acknowledged = 0
        self.refused = 0
        self.is_enough = False

    async def feed(self) -> None:
        while not self.is_enough:
            try:
                await self._log.append([said(tenant, add=1) for tenant in TENANTS])
                self.acknowledged += len(TENANTS)
            except Unavailable:
                self.refused += len(TENANTS)
            await asyncio.sleep(0.02)


async def contents(log: Log, topic: str) -> list[str]:
    return [text for number in ALL for text in await texts(log, topic, number)]


async def grows(log: Log, topic: str) -> float:
    """Return after how many seconds the topic grew."""
    began, before = time.monotonic(), None
    async with asyncio.timeout(RECOVERY_SECONDS):
        while True:
            with suppress(Unavailable):
                now = len(await contents(log, topic))
                if before is not None and now > before:
                    return time.monotonic() - began
                before = now if before is None else before
            await asyncio.sleep(0.05)


def copied(received: Received, now: int) -> list[Message]:
    return [Message("facts", received.tenant, "f", f"{received.partition}/{received.offset}".encode())]


@pytest.mark.parametrize("way", ["stop", "kill"])
async def test_services_go_on_when_it_is_back(broker: Broker, way: str) -> None:
    prefix = f"replay-outage-{way}."
    async with KafkaAdmin(broker.bootstrap, prefix) as admin:
        await admin.create([], PARTITIONS)
    log = KafkaLog(broker.bootstrap, WallClock(), prefix, session_seconds=6.0)
    feeder = Feeder(log)
    ledger = toy_worker(deployed(log, WallClock()), delivery=impatient())
    stream = StreamWorker(deployed(log, WallClock()), "copier", [INPUT], copied, delivery=impatient())
    async with aclosing(log), at_work(ledger), at_work(stream):
        feeding = asyncio.create_task(feeder.feed())
        await grows(log, OUTPUT)
        await asyncio.to_thread(getattr(broker, way))
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(broker.start)
        back = await asyncio.gather(grows(log, OUTPUT), grows(log, "facts"))
        print(f"after a {way}: ledger {back[0]:.1f} s, stream {back[1]:.1f} s")
        feeder.is_enough = True
        await feeding
        await all_done(log)
        assert feeder.acknowledged <= len(await contents(log, INPUT)) <= feeder.acknowledged + feeder.refused
    async with KafkaAdmin(broker.bootstrap, prefix) as admin:
        await admin.drop()


@asynccontextmanager
async def aclosing(log: Log) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await log.close()


async def all_done(log: Log) -> None:
    """Wait until everything was worked on; then each input is in the ledger once, and was copied at least once."""
    given = {f"{number}/{one.offset}" for number in ALL async for one in log.read(INPUT, number)}
    deadline = time.monotonic() + RECOVERY_SECONDS
    while len(decided := await contents(log, OUTPUT)) < len(given) or set(await contents(log, "facts")) != given:
        assert time.monotonic() < deadline, f"{len(decided)} decided of {len(given)}"
        await asyncio.sleep(0.1)
    lines = [line for number in ALL async for line in audit(log, LEDGER, number)]
    added = Counter(line.tenant for line in lines if line.entry.kind == "add")
    tenants = Counter([one.tenant for number in ALL async for one in log.read(INPUT, number)])
    assert added == tenants
    totals = Counter(f"total {number}" for count in tenants.values() for number in range(1, count + 1))
    assert Counter(await contents(log, OUTPUT)) == totals
    assert all("add" in orjson.loads(text) for text in await contents(log, INPUT))
