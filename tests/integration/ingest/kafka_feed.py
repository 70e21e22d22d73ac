"""ingest at work on a real broker, for tests: others publish, events and dead letters come out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from runtime.clock import WallClock
from runtime.deployment import Deployment
from runtime.kafka import KafkaAdmin, KafkaLog
from runtime.log import Log, Received
from runtime.worker import Worker
from schemas.dead_letter import DeadLetter
from schemas.tenant import Tenant
from schemas.topics import DEAD_LETTERS, EVENTS
from services.ingest.__main__ import compose

TENANTS = {
    "acme": Tenant.model_validate({"slug": "acme", "key": "k"}),
    "lines": Tenant.model_validate(
        {"slug": "lines", "records": {"source": "sshd_syslog", "content_type": "text/plain"}}
    ),
}
PARTITIONS = 2
LONGEST_SECONDS = 60


@dataclass
class Feed:
    """Topics of one test's own, a producer as others have one, and ingest behind them."""

    bootstrap: str
    prefix: str
    log: Log
    producer: AIOKafkaProducer
    worker: Worker

    def topic(self, tenant: str = "acme") -> str:
        return f"{self.prefix}records.{tenant}"

    async def publish(
        self, value: bytes | None, tenant: str = "acme", key: bytes | None = None, **headers: bytes | str
    ) -> None:
        named = [(name.replace("_", "-"), _bytes(text)) for name, text in headers.items()]
        await self.producer.send_and_wait(self.topic(tenant), value, key=key, headers=named)

    async def events(self, count: int) -> Sequence[Received]:
        """The events so far, at least ``count``."""
        return await self._read(EVENTS.name, count)

    async def dead(self, count: int) -> Sequence[DeadLetter]:
        """The dead letters so far, at least ``count``."""
        return [DeadLetter.model_validate_json(one.value) for one in await self._read(DEAD_LETTERS.name, count)]

    async def _read(self, topic: str, count: int) -> Sequence[Received]:
        async with asyncio.timeout(LONGEST_SECONDS):
            while len(found := await everything(self.log, topic)) < count:
                await self.worker.step(0.2)
        return found


@asynccontextmanager
async def feeding(bootstrap: str, home: Path) -> AsyncIterator[Feed]:
    """A feed whose topics exist and whose worker has joined."""
    prefix = f"feed-{uuid4().hex[:8]}."
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.create(sorted(TENANTS), PARTITIONS)
    log = KafkaLog(bootstrap, WallClock(), prefix)
    worker = compose(Deployment(log, TENANTS, WallClock(), home, group_prefix=prefix))
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=4 * 1024 * 1024)
    await producer.start()
    await worker.start()
    try:
        yield Feed(bootstrap, prefix, log, producer, worker)
    finally:
        await worker.stop()
        await producer.stop()
        await log.close()


async def everything(log: Log, topic: str) -> list[Received]:
    """What lies on a topic, partition by partition."""
    return [one for number in range(await log.partitions(topic)) async for one in log.read(topic, number)]


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
