"""Services at work in one process, with its HTTP door: the probes, and what else the process offers there."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
import uvicorn
from fastapi import FastAPI

from runtime.collector import spare_the_old
from runtime.errors import StartError, Unavailable
from runtime.health import add_health
from runtime.log import Log
from runtime.supervision import STEP_SECONDS, Check, Supervised
from runtime.worker import Worker

CHORE_SECONDS: Final = 60.0
FAREWELL_SECONDS: Final = 3
CLOSE_SECONDS: Final = 2.0
_log = structlog.get_logger("up")

Chore = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the HTTP door listens; port 0 lets the system choose."""

    host: str
    port: int


async def run(
    workers: Sequence[Worker],
    app: FastAPI,
    listener: socket.socket,
    *,
    chore: Chore | None = None,
    check: Check | None = None,
) -> None:
    """Run until a signal asks to stop; ``chore``, if there is one, is done about once a minute.

    Raises:
        StartError: a service refuses to start.
        KeepsCrashing: one crashed again and again; all have stopped.
    """
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    crew = [Supervised(worker, check=check) for worker in workers]
    add_health(app, lambda: [one.name for one in crew if not one.is_ready])
    spare_the_old()
    async with _open_door(app, listener) as door:
        try:
            await _start(crew, listener, stopping)
            duties = [one.run(stopping) for one in crew]
            if chore is not None:
                duties.append(_regularly(chore, stopping))
            await _work(duties, stopping, door.serving)
        finally:
            await asyncio.gather(door.shut(), *(one.stop() for one in crew))
    _log.info("down")


async def close(log: Log) -> None:
    """Let go of the log, within ``CLOSE_SECONDS``: it may be out of reach."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await log.close()
    except TimeoutError:
        _log.warning("the log did not close in time")


def listen(address: Address) -> socket.socket:
    """Return the socket of the door.

    Raises:
        StartError: the address is taken or not this machine's.
    """
    try:
        return socket.create_server((address.host, address.port))
    except (OSError, OverflowError) as error:
        raise StartError(f"cannot listen on {address.host}:{address.port}: {error}; choose another --port") from error


async def _start(crew: Sequence[Supervised], listener: socket.socket, stopping: asyncio.Event) -> None:
    host, port = listener.getsockname()[:2]
    _log.info("starting", host=host, port=port)
    for one in crew:
        await one.start(stopping)
    if not stopping.is_set():
        _log.info("up", host=host, port=port)


@dataclass(frozen=True, slots=True)
class _OpenDoor:
    """A server at work."""

    server: "_Door"
    serving: "asyncio.Task[None]"

    async def shut(self) -> None:
        """Let nobody in any more, and finish with those who are inside, within ``FAREWELL_SECONDS``."""
        self.server.should_exit = True
        await self.serving


@contextlib.asynccontextmanager
async def _open_door(app: FastAPI, listener: socket.socket) -> AsyncIterator[_OpenDoor]:
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=FAREWELL_SECONDS
    )
    server = _Door(config)
    door = _OpenDoor(server, asyncio.create_task(server.serve(sockets=[listener]), name="http"))
    try:
        yield door
    finally:
        await door.shut()


async def _work(
    duties: Sequence[Coroutine[Any, Any, None]], stopping: asyncio.Event, serving: "asyncio.Task[None]"
) -> None:
    """Do all until ``stopping`` is set, one fails or the door shuts; a step that is under way may end."""
    tasks = [asyncio.create_task(duty) for duty in duties]
    asked = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([*tasks, asked, serving], return_when=asyncio.FIRST_COMPLETED)
        stopping.set()
        await asyncio.wait(tasks, timeout=2 * STEP_SECONDS)
    finally:
        for task in (*tasks, asked):
            task.cancel()
        ends = await asyncio.gather(*tasks, asked, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _regularly(chore: Chore, stopping: asyncio.Event) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CHORE_SECONDS):
                await stopping.wait()
                return
        try:
            await chore()
        except Unavailable as error:
            _log.warning("not now", chore="trim", reason=str(error))


class _Door(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
