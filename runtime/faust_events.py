"""An event of Faust as the log port would have delivered it."""

from collections.abc import Mapping

from aiokafka.structs import ConsumerRecord
from faust.types.tuples import Message

from runtime.kafka.records import received
from runtime.log import Received


def as_received(message: Message, topic: str) -> Received:
    """Return ``message`` of the topic that we call ``topic``, whatever it is called on the cluster."""
    headers = message.headers or {}
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    record: ConsumerRecord[bytes | None, bytes | None] = ConsumerRecord(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp=round(message.timestamp * 1000),
        timestamp_type=message.timestamp_type,
        key=message.key,
        value=message.value,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=tuple(pairs),
    )
    return received(record, topic)
