"""Whether the topics are there that a service reads and writes, as their declarations say; asked before it starts."""

from collections.abc import Collection

from runtime.errors import Absent, StartError
from runtime.log import Log
from schemas.topics import RECORDS, TOPICS, records_of


def required_topics(service: str, tenants: Collection[str]) -> list[str]:
    """Return the topics that ``service`` reads or writes."""
    ours = [topic for topic in TOPICS.values() if service in (*topic.producers, *topic.consumers)]
    names = [topic.name for topic in ours if topic is not RECORDS]
    return sorted([*names, *(map(records_of, tenants) if RECORDS in ours else ())])


async def check_topics(log: Log, service: str, tenants: Collection[str]) -> None:
    """Return if all are there.

    Raises:
        StartError: some are not; it names them all, and the cure.
        Unavailable: the log does not answer.
    """
    missing = [name for name in required_topics(service, tenants) if not await _is_there(log, name)]
    if missing:
        raise StartError(f"{service} needs topics that do not exist: {', '.join(missing)}; run `stanch topics create`")


async def check_partitions(log: Log, service: str, topics: Collection[str]) -> None:
    """Return if ``topics`` are partitioned alike, so that whoever owns a partition of one owns that of all.

    Raises:
        StartError: they are not; it names the cure.
        Unavailable: the log does not answer, or one is missing.
    """
    counts = {topic: await log.partitions(topic) for topic in topics}
    if len(set(counts.values())) > 1:
        same = "its topics must have the same number of partitions"
        raise StartError(f"{service}: {same}, and have {counts}; see `stanch topics check`")


async def _is_there(log: Log, topic: str) -> bool:
    try:
        await log.partitions(topic)
    except Absent:
        return False
    return True
