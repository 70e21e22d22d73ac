"""Keeps one service at work: one that crashes starts again alone, one that keeps crashing ends the whole process."""

import asyncio
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from runtime.dead_letters import Failure
from runtime.delivery import Work, attempt
from runtime.errors import Fenced, Unavailable
from runtime.metrics import process_metrics
from runtime.worker import Worker
from schemas.dead_letter import Fate

STEP_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 1.0
CRASHES: Final = 3
WITHIN_SECONDS: Final = 60.0
LEAVE_SECONDS: Final = 5.5
"""How long a service may take to finish what is in flight and leave; then the process ends without."""
_log = structlog.get_logger("up")

Check = Callable[[str], Awaitable[None]]
"""Raises StartError where the service of that name lacks what it cannot start without."""


class KeepsCrashing(Exception):
    """A service crashed so often that starting it again is no help."""


class Supervised:
    """One service under supervision. ``pause`` is how many seconds pass between a crash and the next start."""

    def __init__(self, worker: Worker, pause: float = PAUSE_SECONDS, check: Check | None = None) -> None:
        self._worker = worker
        self._pause = pause
        self._check = check
        self._crashes: deque[float] = deque(maxlen=CRASHES)
        self.is_ready = False

    @property
    def name(self) -> str:
        """The service's name."""
        return self._worker.name

    async def start(self, stopping: asyncio.Event) -> None:
        """Start it, however long what it depends on is down, or until ``stopping`` is set; other failures are the caller's."""
        while not stopping.is_set():
            try:
                await _unless(stopping, self._begin)
            except Unavailable as error:
                _log.warning("cannot start yet", service=self.name, reason=str(error))
                await self._worker.stop()
                await self._rest(stopping)
            else:
                self.is_ready = not stopping.is_set()
                return

    async def run(self, stopping: asyncio.Event) -> None:
        """Step until ``stopping`` is set, across crashes. That something it depends on is down is no crash of its own.

        Raises:
            KeepsCrashing: it crashed for the third time within a minute.
        """
        while not stopping.is_set():
            failure = await _tried(lambda: self._worker.step(STEP_SECONDS))
            while isinstance(failure, Failure | Unavailable) and not stopping.is_set():
                failure = await self._start_again(failure, stopping)

    async def stop(self) -> None:
        """Let it finish what is in flight and leave, within ``LEAVE_SECONDS``; a failure is told, and ends nothing else."""
        self.is_ready = False
        failure = await _tried(self._leave)
        if isinstance(failure, Failure | Unavailable):
            _log.error("service did not stop cleanly", service=self.name, reason=_reason(failure))

    async def _begin(self) -> None:
        if self._check is not None:
            await self._check(self.name)
        await self._worker.start()

    async def _leave(self) -> None:
        async with asyncio.timeout(LEAVE_SECONDS):
            await self._worker.stop()

    async def _start_again(self, failure: Failure | Unavailable, stopping: asyncio.Event) -> object:
        if isinstance(failure, Failure):
            self._note(failure)
        else:
            _log.warning("cannot go on now, starts again", service=self.name, reason=str(failure))
        await self.stop()
        await self._rest(stopping)
        return await _tried(lambda: self.start(stopping))

    async def _rest(self, stopping: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await stopping.wait()

    def _note(self, failure: Failure) -> None:
        now = asyncio.get_running_loop().time()
        self._crashes.append(now)
        process_metrics().count("stanch_crashes_total", service=self.name)
        _log.error("service crashed", service=self.name, reason=failure.reason, traceback=failure.traceback)
        if len(self._crashes) == CRASHES and now - self._crashes[0] <= WITHIN_SECONDS:
            raise KeepsCrashing(f"{self.name} crashed {CRASHES} times within a minute: {failure.reason}")


async def _unless(stopping: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work, but leave it when ``stopping`` is set."""
    task, asked = asyncio.ensure_future(work()), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
        task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        await task
    elif not stopping.is_set():
        raise Unavailable("something that it waited for was cancelled")


async def _tried(work: Work[object]) -> object:
    try:
        return await attempt(work)
    except Unavailable as error:
        return error
    except Fenced as error:
        return Failure(Fate.BUG, f"{type(error).__name__}: {error}")
    except asyncio.CancelledError as error:
        if _is_cancelled():
            raise
        return Failure(Fate.BUG, f"something that it waited for was cancelled: {error!r}", traceback.format_exc())


def _is_cancelled() -> bool:
    """Whether this task itself is to end; a cancelled future that it waits for raises the same error."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _reason(failure: Failure | Unavailable) -> str:
    return failure.reason if isinstance(failure, Failure) else str(failure)
