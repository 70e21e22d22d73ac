"""Sorted by partition, packed and sent: many messages in few requests."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition as Place

from runtime.kafka.cluster import LARGEST_BATCH_BYTES, Cluster
from runtime.kafka.records import Record, record_of
from runtime.kafka.wire import Wire
from runtime.log import Message
from runtime.partitions import partition_of
from schemas.topics import declared

BATCH_BYTES: Final = 1024 * 1024
"""A batch is full at this size; a single message that is larger is a batch of its own."""

Batch = Mapping[Place, Sequence[Record]]
Fate = BaseException | None


async def prepare(messages: Sequence[Message], cluster: Cluster, wire: Wire) -> Batch:
    """Sort ``messages`` by partition, in order, ready to be written.

    Raises:
        Oversize: one is larger than the log takes.
        Rejected: a key or a header is no Unicode text.
        KeyError: nobody declared a topic.
        Unavailable: a topic does not exist, or the cluster does not answer.
    """
    counts: dict[str, int] = {}
    records = [(message, declared(message.topic), record_of(message)) for message in messages]
    batch: dict[Place, list[Record]] = {}
    for message, _, record in records:
        if message.topic not in counts:
            counts[message.topic] = await wire.partitions(cluster.stored(message.topic))
        place = Place(cluster.stored(message.topic), partition_of(message, counts[message.topic]))
        batch.setdefault(place, []).append(record)
    return batch


def options(cluster: Cluster, client_id: str) -> dict[str, Any]:
    """Return how every producer of ours is made."""
    return {
        **cluster.client(client_id),
        "acks": "all",
        "compression_type": "zstd",
        "enable_idempotence": True,
        "max_batch_size": BATCH_BYTES,
        "max_request_size": LARGEST_BATCH_BYTES,
        "request_timeout_ms": 15_000,
        "retry_backoff_ms": 50,
    }


async def send(producer: AIOKafkaProducer, batch: Batch, at: int) -> Mapping[Place, Fate]:
    """Write ``batch``, the partitions side by side; return what became of each, None where all of it is durable."""
    fates = await asyncio.gather(
        *(_send_to(producer, place, rows, at) for place, rows in batch.items()), return_exceptions=True
    )
    return dict(zip(batch, fates, strict=True))


async def _send_to(producer: AIOKafkaProducer, place: Place, rows: Sequence[Record], at: int) -> None:
    pending = [
        await producer.send_batch(packed, place.topic, partition=place.partition)
        for packed in _packed(producer, rows, at)
    ]
    for fate in await asyncio.gather(*pending, return_exceptions=True):
        if isinstance(fate, BaseException):
            raise fate


def _packed(producer: AIOKafkaProducer, rows: Sequence[Record], at: int) -> Iterator[Any]:
    """Yield closed batches that hold ``rows`` in order."""
    packed = producer.create_batch()
    for key, value, headers in rows:
        if packed.append(timestamp=at, key=key, value=value, headers=headers) is None:
            yield packed
            packed = producer.create_batch()
            packed.append(timestamp=at, key=key, value=value, headers=headers)
    packed.close()
    yield packed
