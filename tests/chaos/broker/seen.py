"""What the drill reads from the log, as any other reader of the topics would."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar

import orjson

from runtime.clock import WallClock
from runtime.log import Log, Message, TopicPartition
from runtime.log_address import kafka_address
from schemas.decision import Decision, Verb
from schemas.hold import Hold
from schemas.identity import compose
from schemas.topics import DECISIONS, EVENTS, HOLDS
from stanch.projection import newest, stored

OUTPUTS: Final = {
    "ingest": "events", "detect.match": "findings", "detect.context": "facts", "detect.correlate": "incidents",
    "respond": "holds", "notify": "notifications",
}  # fmt: skip
"""A topic that the service alone writes."""

ResultT = TypeVar("ResultT")


def asked(address: str, question: Callable[[Log], Awaitable[ResultT]]) -> ResultT:
    """Return the answer of the log at ``address``."""

    async def ask() -> ResultT:
        log = kafka_address(address).open(WallClock())
        try:
            return await question(log)
        finally:
            await log.close()

    return asyncio.run(ask())


async def event_uids(log: Log) -> frozenset[str]:
    """The ids of all events."""
    return frozenset([received.headers["uid"] async for received in stored(log, EVENTS.name)])


async def holds(log: Log) -> Sequence[Hold]:
    """The newest state of every hold."""
    return await newest(log, HOLDS, Hold)


async def dead(log: Log) -> Sequence[str]:
    """Why messages were given up."""
    return [orjson.loads(received.value)["reason"] async for received in stored(log, "dead-letters")]


async def release(log: Log, held: Sequence[Hold]) -> None:
    """Say, as a human does, that each of ``held`` is to end now."""
    await log.append([_release(hold) for hold in held])


def _release(hold: Hold) -> Message:
    said = Decision(
        uid=f"release-{hold.uid}", tenant=hold.tenant, verb=Verb.RELEASE, subject=hold.uid, by="human:drill",
        at=WallClock().now(),
    )  # fmt: skip
    return Message(DECISIONS.name, hold.tenant, compose(hold.tenant, hold.uid), said.model_dump_json().encode())


async def first_outputs(log: Log, since: int) -> Mapping[str, int | None]:
    """When each service first published something at or after the instant ``since``."""
    return {service: await _first(log, topic, since) for service, topic in OUTPUTS.items()}


async def _first(log: Log, topic: str, since: int) -> int | None:
    found = []
    for number in range(await log.partitions(topic)):
        start = await log.offset_at(TopicPartition(topic, number), since)
        found += [received.at async for received in log.read(topic, number, start) if received.at >= since]
    return min(found, default=None)
