"""Everyday records and intrusions published straight to Kafka, as other tools do: one message per record, at a steady rate."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from benchmarks._intruding import TENANTS, Plan
from benchmarks._traffic import Everyday
from runtime.clock import WallClock
from runtime.log_address import KafkaAddress
from schemas.topics import records_of

TICK_SECONDS: Final = 0.02
OFFICES: Final = 8
"""How many offices with machines of their own each tenant has: the more, the less happens on one machine at once."""
HEADERS: Final = [("content-type", b"application/json")]


@dataclass
class Publisher:
    """What was published: when the last record of each intrusion stood on Kafka by the broker's clock, and its places."""

    producer: AIOKafkaProducer
    prefix: str
    accepted: dict[int, float] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    everyday: int = 0
    seconds: float = 0.0
    late: float = 0.0
    _companies: Sequence[Everyday] = ()

    def __post_init__(self) -> None:
        self._companies = [Everyday(seed, 1) for seed in range(1, 1 + len(TENANTS) * OFFICES)]

    async def traffic(self, per_second: float, seconds: float | None = None) -> None:
        """Publish everyday records at that rate, the tenants in turn; ``late``: by how much the sender itself fell behind."""
        began, owed, sent = time.perf_counter(), 0.0, 0
        pending: set[asyncio.Future[Any]] = set()
        for tick in count(1):
            owed = per_second * tick * TICK_SECONDS
            amount, office = int(owed - sent), tick % len(self._companies)
            if amount:
                lines = self._companies[office].records(amount, WallClock().now()).splitlines()
                pending |= {await self._batch(TENANTS[office % len(TENANTS)], lines)}
            sent += amount
            self.everyday += amount
            passed = time.perf_counter() - began
            self.seconds += TICK_SECONDS
            pending = {one for one in pending if not one.done()}
            if seconds is not None and passed >= seconds:
                break
            self.late = max(self.late, passed - tick * TICK_SECONDS)
            await asyncio.sleep(max(0.0, tick * TICK_SECONDS - passed))
        await asyncio.gather(*pending)

    async def burst(self, amount: int) -> None:
        """Publish so many everyday records as fast as may be."""
        for start in range(0, amount, 500):
            office = start // 500 % len(self._companies)
            lines = self._companies[office].records(500, WallClock().now()).splitlines()
            await (await self._batch(TENANTS[office % len(TENANTS)], lines))
        self.everyday += amount

    async def attack(self, plan: Plan) -> None:
        """Publish each intrusion when its time has come."""
        began = time.perf_counter()
        for at, attack, records in plan:
            await asyncio.sleep(max(0.0, at - (time.perf_counter() - began)))
            lines = records.splitlines()
            told = await (await self._batch(attack.tenant, lines))
            self.accepted[attack.number] = told.timestamp
            topic = records_of(attack.tenant)
            for offset in range(told.offset, told.offset + len(lines)):
                self.requests[f"{topic}/{told.partition}/{offset}"] = f"intrusion-{attack.number}"

    async def _batch(self, tenant: str, lines: Sequence[bytes]) -> "asyncio.Future[Any]":
        batch = self.producer.create_batch()
        for line in lines:
            taken = batch.append(key=None, value=line, timestamp=None, headers=HEADERS)
            assert taken is not None, "more records than a batch holds"
        sent: asyncio.Future[Any] = await self.producer.send_batch(
            batch, f"{self.prefix}{records_of(tenant)}", partition=0
        )
        return sent


@asynccontextmanager
async def publisher(address: KafkaAddress) -> AsyncIterator[Publisher]:
    """A producer that belongs to nobody of ours."""
    producer = AIOKafkaProducer(
        bootstrap_servers=address.bootstrap, acks="all", compression_type="zstd", max_batch_size=8 * 1024 * 1024,
        max_request_size=8 * 1024 * 1024,
    )  # fmt: skip
    await producer.start()
    try:
        yield Publisher(producer, address.prefix)
    finally:
        await producer.stop()


def spent(before: Mapping[str, float], after: Mapping[str, float], events: int) -> str:
    """Say how much CPU time each process took per event."""
    shares = {name: (after[name] - before[name]) / events * 1_000_000 for name in after}
    listed = ", ".join(f"{name} {share:.0f}" for name, share in shares.items())
    return f"CPU microseconds per event: {sum(shares.values()):.0f} = {listed}"
