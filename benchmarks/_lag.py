"""By how much each service is behind, asked in a way that costs nearly nothing: offsets, and no message is read.

The marks of transactions take offsets too, so the ledger services' small inputs count as handled when nothing but a mark is left.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from benchmarks._intruding import TENANTS
from runtime.log_address import KafkaAddress
from schemas.topics import LEDGER_SERVICES, TOPICS, records_of
from stanch.replay.crew import FLOW

WRITTEN_IN_TRANSACTIONS = frozenset(
    topic.name for topic in TOPICS.values() if topic.public and set(topic.producers) & set(LEDGER_SERVICES)
)


@dataclass(frozen=True, slots=True)
class Lag:
    """Asks one deployment."""

    address: KafkaAddress
    admin: AIOKafkaAdminClient
    consumer: AIOKafkaConsumer

    async def all(self) -> Mapping[str, int]:
        """Return by how many messages each service is behind."""
        places = {service: self._places(service) for service in FLOW}
        ends = await self.consumer.end_offsets({place for one in places.values() for place in one})
        return {
            service: await self._behind(service, {place: ends[place] for place in places[service]}) for service in FLOW
        }

    async def _behind(self, service: str, ends: Mapping[TopicPartition, int]) -> int:
        done = await self.admin.list_consumer_group_offsets(self.address.group_prefix + service)
        behind = 0
        for place, end in ends.items():
            known = done.get(place)
            left = end - (known.offset if known is not None and known.offset > 0 else 0)
            behind += (
                0
                if left == 1 and place.topic.removeprefix(self.address.prefix) in WRITTEN_IN_TRANSACTIONS
                else max(0, left)
            )
        return behind

    def _places(self, service: str) -> list[TopicPartition]:
        return [TopicPartition(self.address.prefix + topic, 0) for topic in inputs(service)]


@asynccontextmanager
async def lagging(address: KafkaAddress) -> AsyncIterator[Lag]:
    """Clients to ask with."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address.bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=address.bootstrap)
    await admin.start()
    await consumer.start()
    try:
        yield Lag(address, admin, consumer)
    finally:
        await consumer.stop()
        await admin.close()


def inputs(service: str) -> Sequence[str]:
    """Return the topics that the service reads as a group."""
    if service == "ingest":
        return [records_of(tenant) for tenant in TENANTS]
    return [
        topic.name
        for topic in TOPICS.values()
        if service in topic.consumers
        and topic.public
        and topic.partition_by != "one"
        and topic.name not in {"records.<tenant>"}
    ]
