"""What is wrong with a topic, in sentences that name the cure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from runtime.kafka.shape import Shape
from runtime.kafka.wire import Answer

_EXACT: Final = ("cleanup.policy", "message.timestamp.type")


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the cluster has it."""

    name: str
    partitions: int
    replication: int


async def settings_of(client: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the settings of the stored ``topics``."""
    if not topics:
        return {}
    answers: Sequence[Answer] = await client.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    )
    return {
        name: {entry[0]: entry[1] for entry in entries} for answer in answers for *_, name, entries in answer.resources
    }


def inspect(shape: Shape, found: Found | None, settings: Mapping[str, str], brokers: int, stored: str) -> Iterator[str]:
    """Yield what is wrong with ``found``, which should look like ``shape``; the cluster calls it ``stored``."""
    if found is None:
        yield f"topic {shape.topic} is missing: `stanch topics create` makes it"
        return
    if found.partitions != shape.partitions:
        yield (
            f"topic {shape.topic} has {found.partitions} partitions where its like have {shape.partitions}: a tenant's "
            f"messages would be torn apart; delete it and run `stanch topics create --partitions {shape.partitions}`"
        )
    if found.replication < min(3, brokers):
        yield (
            f"topic {shape.topic} has {found.replication} of {min(3, brokers)} possible copies: a broker that goes takes "
            "messages with it; raise its replication with kafka-reassign-partitions"
        )
    yield from _settings(shape, settings, stored)


def _settings(shape: Shape, settings: Mapping[str, str], stored: str) -> Iterator[str]:
    for name, value in shape.settings.items():
        if _is_wrong(name, settings.get(name, value), value):
            yield (
                f"topic {shape.topic} has {name}={settings[name]}: set it with kafka-configs --alter --entity-type topics "
                f"--entity-name {stored} --add-config {name}={value}"
            )


def _is_wrong(name: str, has: str, wanted: str) -> bool:
    """More room, longer keeping and more copies are an operator's good right; less is not."""
    if name in _EXACT:
        return has != wanted
    if name == "max.message.bytes":
        return int(has) < int(wanted)
    return name in ("retention.ms", "retention.bytes") and wanted == "-1" != has
