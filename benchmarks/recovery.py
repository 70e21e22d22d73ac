"""How long each service is away after kill -9 under load: from the kill to the first thing that its next life writes.

Every service is a process of its own on Kafka with a name for good (static membership); whoever is killed is started again at
once, as a supervisor would. All the time 500 everyday events per second and an intrusion every two seconds go in, so that there is
always something to write. The control is the same interpreter importing the same service and doing nothing.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import _intruding as intruding
from benchmarks._deployed import deployed
from benchmarks._fleet import BrokerAt, Fleet, Unit, a_broker
from benchmarks._intruding import TENANTS
from benchmarks._publishing import Publisher, publisher
from benchmarks._rates import load
from runtime.clock import WallClock
from runtime.kafka import KafkaLog
from runtime.log import TopicPartition
from schemas.topics import CORRELATE_LEDGER, EVENTS, FACTS, FINDINGS, NOTIFY_LEDGER, RESPOND_LEDGER
from stanch.replay.crew import FLOW
from tests.e2e.intrusions import Intrusion
from tests.servers.kafka import Unobtainable

EVENTS_PER_SECOND: Final = 500
ROUNDS: Final = 3
GAP_SECONDS: Final = 2.0
WARM_UP_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 60.0
KNOWN: Final = 600
WRITES: Final[Mapping[str, str]] = {
    "ingest": EVENTS.name, "detect.match": FINDINGS.name, "detect.context": FACTS.name,
    "detect.correlate": CORRELATE_LEDGER.name, "respond": RESPOND_LEDGER.name, "notify": NOTIFY_LEDGER.name,
}  # fmt: skip
"""By what one sees that a service works again."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Milliseconds after the kill: when it was ready to join, when it had joined, when it wrote."""

    starting: float
    up: float
    wrote: float


def main() -> None:
    """Measure and print the table."""
    try:
        with a_broker() as broker, tempfile.TemporaryDirectory() as folder:
            _recover(broker, Path(folder))
    except Unobtainable as error:
        print(f"skipped: {error}")


def _recover(broker: BrokerAt, folder: Path) -> None:
    with deployed(broker, "recovery", folder) as (found, products):
        intruding.enrol(products, intruding.intrusions(KNOWN))
        asyncio.run(_measure(found))


async def _measure(found: Fleet) -> None:
    log: KafkaLog = found.address.open(WallClock())
    async with publisher(found.address) as publishing:
        noise = [
            asyncio.create_task(publishing.traffic(EVENTS_PER_SECOND)),
            asyncio.create_task(_intrude(publishing)),
        ]
        try:
            await asyncio.sleep(WARM_UP_SECONDS)
            _head()
            for service in FLOW:
                absences = [await _absence(found, log, service) for _ in range(ROUNDS)]
                _row(service, absences, await asyncio.to_thread(_imported, service))
        finally:
            for task in noise:
                task.cancel()
            await asyncio.gather(*noise, return_exceptions=True)
            await log.close()


async def _intrude(publishing: Publisher) -> None:
    for number in count():
        attack = Intrusion(number, TENANTS[number % len(TENANTS)])
        await publishing.attack([(0.0, attack, attack.records(WallClock().now()))])
        await asyncio.sleep(GAP_SECONDS)


async def _absence(found: Fleet, log: KafkaLog, service: str) -> Absence:
    unit = found.units[service]
    killed = unit.kill()
    unit.start()
    wrote = await _next_output(log, TopicPartition(WRITES[service], 0), int(killed) + 1, unit)
    starting, up = unit.wait_for("starting"), unit.wait_for("up")
    await asyncio.sleep(PAUSE_SECONDS)
    return Absence(starting - killed, up - killed, wrote - killed)


async def _next_output(log: KafkaLog, place: TopicPartition, since: int, unit: Unit) -> float:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        start = await log.offset_at(place, since)
        async for received in log.read(place.topic, place.partition, start):
            return received.at
        await asyncio.sleep(0.05)
    raise AssertionError(
        f"{unit.service} wrote nothing within {PATIENCE_SECONDS} s:\n{unit.output.read_text()[-4000:]}"
    )


def _imported(service: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import services.{service}.__main__"], check=True)
    return (time.perf_counter() - started) * 1000


def _head() -> None:
    print(
        f"{EVENTS_PER_SECOND} everyday events/s, an intrusion every {GAP_SECONDS:.0f} s, {ROUNDS} kills each, {load()}; milliseconds after the kill"
    )
    print(
        f"{'service':<18}{'imports alone':>14}{'starting':>10}{'up':>8}{'wrote again':>13}{'least':>8}{'most':>8}{'/ imports':>11}"
    )


def _row(service: str, absences: list[Absence], control: float) -> None:
    wrote = [one.wrote for one in absences]
    print(
        f"{service:<18}{control:>14.0f}{median(one.starting for one in absences):>10.0f}"
        f"{median(one.up for one in absences):>8.0f}{median(wrote):>13.0f}{min(wrote):>8.0f}{max(wrote):>8.0f}"
        f"{median(wrote) / control:>11.1f}",
        flush=True,
    )
