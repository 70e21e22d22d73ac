"""Waits for what a running `stanch up` publishes, as any other reader of its log would."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from runtime.log import Log

PATIENCE_SECONDS = 40.0

Wanted = Callable[[dict[str, Any]], bool]


async def published(state: Path, topic: str, wanted: Wanted) -> dict[str, Any]:
    """The first message on ``topic`` of the embedded log in ``state`` that is ``wanted``."""
    return await published_on(EmbeddedLog(state / "log.sqlite3", WallClock()), topic, wanted)


async def published_on(log: Log, topic: str, wanted: Wanted) -> dict[str, Any]:
    """The first message on ``topic``, from its beginning, that is ``wanted``; published already or in a while.

    Closes ``log``.
    """
    end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    try:
        async with log.subscribe(f"test-{uuid4()}", (topic,), _ignore, _ignore) as subscription:
            while (left := end - asyncio.get_running_loop().time()) > 0:
                for received in await subscription.poll(100, left):
                    body: dict[str, Any] = orjson.loads(received.value)
                    if wanted(body):
                        return body
    finally:
        await log.close()
    raise AssertionError(f"nothing such on {topic} within {PATIENCE_SECONDS} s")


def hold_of(target: str, *states: str) -> Wanted:
    """Says whether a message is the hold of ``target`` in one of the states."""
    return lambda body: body["target"]["id"] == target and body["state"] in states


async def _ignore(partitions: frozenset[int]) -> None:
    """Nothing is kept per partition."""
