"""All services in one process on the embedded log, and the HTTP door."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from runtime.worker import Worker

WAIT: Final = 1.0
_log = structlog.get_logger("up")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the HTTP door listens."""

    host: str
    port: int


async def run(workers: Sequence[Worker], app: FastAPI, address: Address) -> None:
    """Run until a signal asks to stop, or one service crashes: then all stop, and the crash is raised."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = _Door(uvicorn.Config(app, host=address.host, port=address.port, log_config=None, access_log=False))
    for worker in workers:
        await worker.start()
    try:
        async with asyncio.TaskGroup() as group:
            loops = [group.create_task(_work(worker), name=worker.name) for worker in workers]
            serving = group.create_task(server.serve(), name="http")
            _log.info("up", host=address.host, port=address.port)
            await stop.wait()
            server.should_exit = True
            await serving
            for loop in loops:
                loop.cancel()
    finally:
        for worker in workers:
            await worker.stop()


async def _work(worker: Worker) -> None:
    while True:
        await worker.step(WAIT)


class _Door(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
