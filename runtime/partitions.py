"""Which partition a message belongs to: Kafka's own murmur2 of what the topic's declaration names."""

from collections.abc import Callable
from functools import lru_cache
from typing import cast

from aiokafka.partitioner import murmur2

from runtime.log import Message
from schemas.topics import declared

_murmur2 = cast("Callable[[bytes], int]", murmur2)


def partition_of(message: Message, partitions: int) -> int:
    """Return the partition of ``message`` among ``partitions``, the same on every log.

    Raises:
        KeyError: nobody declared the topic.
    """
    by = declared(message.topic).partition_by
    if by == "one" or partitions == 1:
        return 0
    return positive_murmur2(message.tenant if by == "tenant" else message.key) % partitions


def tenant_partition(tenant: str, partitions: int) -> int:
    """Return the partition that holds all of the tenant's state."""
    return positive_murmur2(tenant) % partitions


@lru_cache(maxsize=65_536)
def positive_murmur2(text: str) -> int:
    """Return murmur2 of the text's UTF-8 with the sign bit cut off, as Kafka's default partitioner has it."""
    return _murmur2(text.encode()) & 0x7FFFFFFF
