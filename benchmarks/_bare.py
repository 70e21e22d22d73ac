"""Kafka without us: what a bare client on the same broker needs for the least that is equivalent."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from lab.world import SECRET
from runtime.clock import WallClock
from schemas.times import MINUTE, to_text

CONTROLLED: Final = "192.0.2.1"
"""The address that controls block; it is no containment of ours."""
PAUSE_SECONDS: Final = 0.5


async def make_topics(bootstrap: str, names: Sequence[str]) -> None:
    """Make topics of one partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1) for name in names])
    finally:
        await admin.close()


async def call(client: httpx.AsyncClient, products: str) -> None:
    """Have the simplest of the lab's products block an address."""
    body = {"expires_at": to_text(WallClock().now() + MINUTE), "comment": "control", "direction": "both"}
    address = f"{products}/firewall/v1/addresses/{CONTROLLED}"
    await client.put(address, json=body, headers={"Authorization": f"Bearer {SECRET}"})


@asynccontextmanager
async def hopping(bootstrap: str, topic: str, products: str) -> AsyncIterator[list[float]]:
    """Again and again, a record is produced, read, committed, and the lab called; the milliseconds that it takes."""
    await make_topics(bootstrap, [topic])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=topic, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await asyncio.gather(producer.start(), consumer.start())
    times: list[float] = []
    hops = asyncio.create_task(_hops(producer, consumer, topic, products, times))
    try:
        yield times
    finally:
        hops.cancel()
        await asyncio.gather(hops, return_exceptions=True)
        await asyncio.gather(producer.stop(), consumer.stop())


async def _hops(
    producer: AIOKafkaProducer, consumer: AIOKafkaConsumer, topic: str, products: str, times: list[float]
) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        while True:
            started = time.perf_counter()
            await producer.send_and_wait(topic, b"{}")
            await consumer.getone()
            await consumer.commit()
            await call(client, products)
            times.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(PAUSE_SECONDS)
