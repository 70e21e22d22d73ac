"""The bare client doing the least that is equivalent to our log on Kafka: batches made by hand, one partition, bytes that lie ready."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from benchmarks._bare import make_topics
from benchmarks._log_sides import HEADERS_BY_NAME
from runtime.kafka.batches import BATCH_BYTES
from runtime.log import Message
from schemas.topics import EVENTS, FACTS, FINDINGS

GROUP: Final = "raw"
_HEADERS: Final = [(name, text.encode()) for name, text in HEADERS_BY_NAME.items()]


class RawKafka:
    """An idempotent producer, a transactional one and a consumer, with the settings that matter as ours has them."""

    def __init__(
        self, producer: AIOKafkaProducer, owner: AIOKafkaProducer, consumer: AIOKafkaConsumer, place: TopicPartition
    ) -> None:
        self._producer = producer
        self._owner = owner
        self._consumer = consumer
        self._place = place
        self._next = 0

    @classmethod
    @asynccontextmanager
    async def on(cls, bootstrap: str) -> AsyncIterator["RawKafka"]:
        """Make topics and clients of one's own."""
        await make_topics(bootstrap, [_named(topic.name) for topic in (EVENTS, FINDINGS, FACTS)])
        options: dict[str, Any] = {
            "bootstrap_servers": bootstrap, "acks": "all", "compression_type": "zstd", "enable_idempotence": True,
            "max_batch_size": BATCH_BYTES, "max_request_size": 2 * BATCH_BYTES,
        }  # fmt: skip
        producer, owner = AIOKafkaProducer(**options), AIOKafkaProducer(**options, transactional_id=GROUP)
        place = TopicPartition(_named(EVENTS.name), 0)
        consumer = AIOKafkaConsumer(
            place.topic, bootstrap_servers=bootstrap, group_id=GROUP, enable_auto_commit=False,
            auto_offset_reset="earliest", isolation_level="read_committed",
        )  # fmt: skip
        await asyncio.gather(producer.start(), owner.start(), consumer.start())
        try:
            yield cls(producer, owner, consumer, place)
        finally:
            await asyncio.gather(producer.stop(), owner.stop(), consumer.stop())

    async def append(self, messages: Sequence[Message]) -> None:
        """Make them durable."""
        await _send(self._producer, messages)

    async def poll(self, limit: int) -> int:
        """Read on; return how many there were."""
        found = await self._consumer.getmany(self._place, timeout_ms=1_000, max_records=limit)
        records = found.get(self._place, ())
        if records:
            self._next = records[-1].offset + 1
        return len(records)

    async def commit(self, outputs: Sequence[Message]) -> None:
        """Append ``outputs``, then remember what was read."""
        await _send(self._producer, outputs)
        await self._consumer.commit({self._place: self._next})

    async def own(self, outputs: Sequence[Message]) -> None:
        """Append ``outputs`` and remember what was read, all or nothing."""
        async with self._owner.transaction():
            await _send(self._owner, outputs)
            await self._owner.send_offsets_to_transaction({self._place: self._next}, GROUP)


async def _send(producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
    topic, pending = _named(messages[0].topic), []
    batch = producer.create_batch()
    for one in messages:
        key = one.key.encode()
        if batch.append(key=key, value=one.value, timestamp=None, headers=_HEADERS) is None:
            pending.append(await producer.send_batch(batch, topic, partition=0))
            batch = producer.create_batch()
            batch.append(key=key, value=one.value, timestamp=None, headers=_HEADERS)
    pending.append(await producer.send_batch(batch, topic, partition=0))
    await asyncio.gather(*pending)


def _named(topic: str) -> str:
    return f"raw.{topic}"
