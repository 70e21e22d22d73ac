"""What the command line shows: the newest state of each thing, read straight from the log."""

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from pydantic import BaseModel

from runtime.log import Log, Received
from schemas.topics import Topic

ModelT = TypeVar("ModelT", bound=BaseModel)


async def everything(log: Log, topic: Topic, model: type[ModelT]) -> Sequence[ModelT]:
    """Return all that the topic holds, in order per partition."""
    return [model.model_validate_json(received.value) async for received in stored(log, topic.name)]


async def newest(log: Log, topic: Topic, model: type[ModelT]) -> Sequence[ModelT]:
    """Return the newest state per key."""
    latest = {received.key: received.value async for received in stored(log, topic.name)}
    return [model.model_validate_json(value) for value in latest.values()]


async def stored(log: Log, topic: str) -> AsyncIterator[Received]:
    """Yield the messages of all partitions, in order per partition."""
    for partition in range(await log.partitions(topic)):
        async for received in log.read(topic, partition):
            yield received
