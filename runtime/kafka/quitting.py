"""Ending a client whose cluster may be gone: its own ``stop`` waits for the cluster, for ever if need be."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import ProducerClosed

from runtime.kafka.faults import CLIENT

ORDERLY_SECONDS: Final = 3.0
MOMENT_SECONDS: Final = 0.1
ATTEMPTS: Final = 20


async def quit_producer(producer: AIOKafkaProducer, *, orderly: bool = True) -> None:
    """End ``producer``; what it still holds is sent if that can be done at once, where ``orderly``."""
    if not orderly or not await _in_time(producer.stop()):
        await _cancel(producer._sender)
        producer._message_accumulator.fail_all(ProducerClosed())
        producer._closed = False
        await _in_time(producer.stop())


async def quit_consumer(consumer: AIOKafkaConsumer) -> None:
    """End ``consumer``; a dynamic member leaves its group if that can be done at once."""
    if not await _in_time(consumer.stop()):
        await _cancel(consumer._coordinator, consumer._fetcher)
        await _in_time(consumer._client.close())


async def _in_time(stopping: Coroutine[Any, Any, None]) -> bool:
    """Return whether it ended well. It is a task of its own: the client lets the cancellation of its own tasks through."""
    task = asyncio.create_task(stopping)
    try:
        await asyncio.wait({task}, timeout=ORDERLY_SECONDS)
    finally:
        task.cancel()
    await asyncio.wait({task}, timeout=MOMENT_SECONDS)
    if not task.done() or task.cancelled() or isinstance(task.exception(), CLIENT):
        return False
    await task
    return True


async def _cancel(*owners: object) -> None:
    """Cancel the tasks that run methods of ``owners``: the client keeps no list of them."""
    known = {id(owner) for owner in owners if owner is not None}
    tasks = {task for task in asyncio.all_tasks() if id(_runs_for(task)) in known}
    for _ in range(ATTEMPTS):
        tasks = {task for task in tasks if not task.done()}
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=MOMENT_SECONDS)


def _runs_for(task: "asyncio.Task[Any]") -> object:
    frame = getattr(task.get_coro(), "cr_frame", None)
    return None if frame is None else frame.f_locals.get("self")
