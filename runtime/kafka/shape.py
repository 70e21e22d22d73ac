"""What each declared topic must look like on the cluster."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.kafka.cluster import LARGEST_BATCH_BYTES
from schemas.times import DAY
from schemas.topics import RECORDS, RECORDS_PREFIX, TOPICS, Retention, Topic, declared, records_of

REPLAY_PREFIX: Final = "replay-"
FOR_EVER: Final = -1
_KEPT: Final[Mapping[Retention, int]] = {"short": 7 * DAY, "long": 90 * DAY}
_ANY: Final = str(2**63 - 1)


@dataclass(frozen=True, slots=True)
class Shape:
    """One topic as it should be: how many partitions it has, and its settings."""

    topic: str
    partitions: int
    settings: Mapping[str, str]


def wanted(tenants: Iterable[str], partitions: int, replication: int, prefix: str) -> list[Shape]:
    """Return every topic that a deployment with these tenants needs."""
    names = [name for name in TOPICS if name != RECORDS.name] + [records_of(tenant) for tenant in sorted(set(tenants))]
    return [shape_of(name, partitions, replication, prefix) for name in names]


def shape_of(name: str, partitions: int, replication: int, prefix: str) -> Shape:
    """Return what the topic ``name`` should look like where others have ``partitions``."""
    topic = declared(name)
    count = 1 if topic.partition_by == "one" else partitions
    return Shape(name, count, _settings(name, topic, replication, prefix))


def is_declared(name: str) -> bool:
    """Whether some service of ours declared ``name``."""
    return name in TOPICS or name.startswith(RECORDS_PREFIX)


def _settings(name: str, topic: Topic, replication: int, prefix: str) -> dict[str, str]:
    return {
        "cleanup.policy": "compact" if topic.retention == "compact" else "delete",
        "retention.ms": str(_retention_ms(topic, prefix)),
        "retention.bytes": str(FOR_EVER),
        "max.message.bytes": str(LARGEST_BATCH_BYTES),
        "min.insync.replicas": "2" if replication >= 3 else "1",
        "message.timestamp.type": "LogAppendTime" if name.startswith(RECORDS_PREFIX) else "CreateTime",
        "message.timestamp.after.max.ms": _ANY,  # a replay's time may run ahead of the wall's
    }


def _retention_ms(topic: Topic, prefix: str) -> int:
    """Nothing of a replay ages: its messages bear the time of the recording, and its topics are deleted at its end."""
    return FOR_EVER if prefix.startswith(REPLAY_PREFIX) else _KEPT.get(topic.retention, FOR_EVER)
