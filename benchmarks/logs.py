"""What our two logs cost beside what they stand on: raw SQLite with the same durability, raw aiokafka on the same broker.

Four things that services do: append; poll; commit (outputs, then offsets: the stateless services, at least once); own (outputs
and offsets in one transaction: the ledger services). The raw side does the least that is equivalent, with bytes that lie ready.
Both sides take turns. Given are messages per second of the clock and of CPU time of this process, and what ours costs in times
of raw.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks._fleet import BrokerAt, a_broker
from benchmarks._log_sides import Ours, RawSqlite, Side, messages
from benchmarks._rates import load, rate
from benchmarks._raw_kafka import RawKafka
from lab.recording import RecordingOptions, record
from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from runtime.kafka import KafkaAdmin
from runtime.log import Message
from runtime.log_address import KafkaAddress
from schemas.topics import EVENTS, FACTS, FINDINGS
from tests.servers.kafka import Unobtainable

SIZES: Final = (300, 1_500)
BATCHES: Final[Mapping[int, int]] = {1: 100, 50: 3_000, 500: 15_000}
"""How many messages per round, by the size of the batch."""
ROUNDS: Final = 3
OPERATIONS: Final = ("append", "poll", "commit", "own")
_TOPICS: Final = {"append": EVENTS.name, "commit": FINDINGS.name, "own": FACTS.name}

Sides = Mapping[str, Side]
Work = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Spent:
    """What the rounds of one operation on one side took: messages per second by the clock, and by CPU time."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and print the tables."""
    asyncio.run(_embedded())
    try:
        with a_broker() as broker:
            asyncio.run(_kafka(broker))
    except Unobtainable as error:
        print(f"Kafka: skipped: {error}")


async def _embedded() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with _sqlite(Path(folder)) as sides:
            await _table("embedded log / raw sqlite3", sides)


async def _kafka(broker: BrokerAt) -> None:
    async with AsyncExitStack() as stack:
        address = KafkaAddress(broker.bootstrap, "logs")
        admin = await stack.enter_async_context(KafkaAdmin(address.bootstrap, address.prefix))
        await admin.create([], 1)
        log = address.open(WallClock())
        stack.push_async_callback(log.close)
        ours = await stack.enter_async_context(Ours.on(log))
        raw = await stack.enter_async_context(RawKafka.on(broker.bootstrap))
        await _table(f"Kafka log / raw aiokafka ({broker.what})", {"ours": ours, "raw": raw})


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Sides]:
    log, raw = EmbeddedLog(folder / "ours.sqlite3", WallClock()), RawSqlite(folder / "raw.sqlite3")
    try:
        async with Ours.on(log) as ours:
            yield {"ours": ours, "raw": raw}
    finally:
        raw.close()
        await log.close()


async def _table(title: str, sides: Sides) -> None:
    print(f"{title}: {ROUNDS} rounds, {load()}")
    print(
        f"{'bytes':>6}{'batch':>6}  {'operation':<9}{'ours/s':>16}{'raw/s':>16}{'times':>7}"
        f"{'ours/CPU s':>16}{'raw/CPU s':>16}{'times':>7}"
    )
    text = b"".join(record(RecordingOptions(benign_factor=2)).lines)
    for size in SIZES:
        for batch, count in BATCHES.items():
            await _compare(Terms(size, batch, count, text), sides)


@dataclass(frozen=True, slots=True)
class Terms:
    """Bytes per message, messages per batch and per round, and what they are cut out of."""

    size: int
    batch: int
    count: int
    text: bytes

    def batches(self, topic: str) -> list[list[Message]]:
        """Return the messages of one round."""
        given = messages(topic, self.count, self.size, self.text)
        return [given[start : start + self.batch] for start in range(0, self.count, self.batch)]


async def _compare(terms: Terms, sides: Sides) -> None:
    spent = {(what, side): Spent() for what in OPERATIONS for side in sides}
    for number in range(ROUNDS + 1):
        await _round(terms, sides, spent if number else {key: Spent() for key in spent})
    for what in OPERATIONS:
        _row(f"{terms.size:>6}{terms.batch:>6}  {what:<9}", spent[what, "ours"], spent[what, "raw"])


async def _round(terms: Terms, sides: Sides, spent: Mapping[tuple[str, str], Spent]) -> None:
    for what in OPERATIONS:
        for name, side in sides.items():
            await _timed(_work(terms, what, side), terms.count, spent[what, name])


def _work(terms: Terms, what: str, side: Side) -> Work:
    if what == "poll":
        return partial(_read, side, terms.batch, terms.count)
    return partial(_write, getattr(side, what), terms.batches(_TOPICS[what]))


async def _write(write: Callable[[list[Message]], Awaitable[None]], batches: list[list[Message]]) -> None:
    for batch in batches:
        await write(batch)


async def _read(side: Side, limit: int, count: int) -> None:
    left = count
    while left > 0:
        left -= await side.poll(limit)


async def _timed(work: Work, count: int, spent: Spent) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    spent.wall.append(count / (time.perf_counter() - wall))
    spent.cpu.append(count / (time.process_time() - cpu))


def _row(head: str, ours: Spent, raw: Spent) -> None:
    wall, cpu = median(raw.wall) / median(ours.wall), median(raw.cpu) / median(ours.cpu)
    cells = [f"{rate(one)!s:>15}" for one in (ours.wall, raw.wall, ours.cpu, raw.cpu)]
    print(f"{head}{cells[0]}{cells[1]}{wall:>7.2f}{cells[2]}{cells[3]}{cpu:>7.2f}", flush=True)
