"""What the command line shows: the newest state of each thing, read straight from the log."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from runtime.log import Log, Received
from schemas.topics import Topic

ModelT = TypeVar("ModelT", bound=BaseModel)


async def everything(log: Log, topic: Topic, model: type[ModelT], tenant: str | None = None) -> Sequence[ModelT]:
    """Return all that the topic holds, in order per partition; of one tenant, if one is named."""
    values = [received.value async for received in stored(log, topic.name, tenant)]
    return _understood(values, model)


async def newest(log: Log, topic: Topic, model: type[ModelT], tenant: str | None = None) -> Sequence[ModelT]:
    """Return the newest state per key; of one tenant, if one is named."""
    latest = {received.key: received.value async for received in stored(log, topic.name, tenant)}
    return _understood(latest.values(), model)


def _understood(values: Iterable[bytes], model: type[ModelT]) -> Sequence[ModelT]:
    """Return what the values say; those that are no such thing are passed over: other tools may publish as well."""
    found = []
    for value in values:
        with suppress(ValidationError):
            found.append(model.model_validate_json(value))
    return found


async def stored(log: Log, topic: str, tenant: str | None = None) -> AsyncIterator[Received]:
    """Yield the messages of all partitions, in order per partition; of one tenant, if one is named."""
    for partition in range(await log.partitions(topic)):
        async for received in log.read(topic, partition):
            if tenant in (None, received.tenant):
                yield received
