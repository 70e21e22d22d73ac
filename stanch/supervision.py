"""Keeps one service at work: one that crashes starts again alone, one that keeps crashing ends the whole process."""

import asyncio
from collections import deque
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
_log = structlog.get_logger("up")


class KeepsCrashing(Exception):
    """A service crashed so often that starting it again is no help."""


class Supervised:
    """One service under supervision. ``pause`` is how many seconds pass between a crash and the next start."""

    def __init__(self, worker: Worker, pause: float = PAUSE_SECONDS) -> None:
        self._worker = worker
        self._pause = pause
        self._crashes: deque[float] = deque(maxlen=CRASHES)
        self.is_ready = False

    @property
    def name(self) -> str:
        """The service's name."""
        return self._worker.name

    async def start(self) -> None:
        """Start it; what goes wrong now is the caller's."""
        await self._worker.start()
        self.is_ready = True

    async def run(self, stopping: asyncio.Event) -> None:
        """Step until ``stopping`` is set, across crashes.

        Raises:
            KeepsCrashing: it crashed for the third time within a minute.
        """
        while not stopping.is_set():
            failure = await _tried(lambda: self._worker.step(STEP_SECONDS))
            while isinstance(failure, Failure) and not stopping.is_set():
                failure = await self._start_again(failure, stopping)

    async def stop(self) -> None:
        """Let it finish what is in flight and leave; a failure is told, and ends nothing else."""
        self.is_ready = False
        failure = await _tried(self._worker.stop)
        if isinstance(failure, Failure):
            _log.error("service did not stop cleanly", service=self.name, reason=failure.reason)

    async def _start_again(self, failure: Failure, stopping: asyncio.Event) -> object:
        self._note(failure)
        await self.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await stopping.wait()
        return None if stopping.is_set() else await _tried(self.start)

    def _note(self, failure: Failure) -> None:
        now = asyncio.get_running_loop().time()
        self._crashes.append(now)
        process_metrics().count("stanch_crashes_total", service=self.name)
        _log.error("service crashed", service=self.name, reason=failure.reason, traceback=failure.traceback)
        if len(self._crashes) == CRASHES and now - self._crashes[0] <= WITHIN_SECONDS:
            raise KeepsCrashing(f"{self.name} crashed {CRASHES} times within a minute: {failure.reason}")


async def _tried(work: Work[object]) -> object:
    try:
        return await attempt(work)
    except (Unavailable, Fenced) as error:
        return Failure(Fate.BUG, f"{type(error).__name__}: {error}")
