"""Starting what a decision asked for, after its commit, and bringing home what came of it."""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from runtime.dead_letters import Failure
from runtime.delivery import attempt
from runtime.errors import Fenced, Unavailable
from runtime.failpoints import reach
from runtime.machine import Action, Actor, Outcome
from schemas.dead_letter import Fate

_log = structlog.get_logger("ledger")

UNAVAILABLE = "unavailable"
_LONG_AGO = 0


@dataclass(frozen=True, slots=True)
class Deed:
    """An action of a tenant and the instant of its decision."""

    partition: int
    tenant: str
    action: Action
    now: int


@dataclass(frozen=True, slots=True, order=True)
class Result:
    """An outcome on its way home: due ``at``, for ``tenant``; ``turn`` keeps equal instants in order."""

    at: int
    turn: int
    tenant: str = field(compare=False)
    outcome: Outcome = field(compare=False)


class Actions(Protocol):
    """How actions run."""

    @property
    def at_once(self) -> bool:
        """Whether the commit may not wait for the end of the batch."""
        ...

    @property
    def running(self) -> int:
        """How many are under way."""
        ...

    async def launch(self, deed: Deed) -> None:
        """Start it; its commit is done."""
        ...

    def next_at(self, partition: int) -> int | None:
        """Return when the partition's next outcome is due."""
        ...

    def take(self, partition: int) -> Result:
        """Return the partition's next outcome and forget it."""
        ...

    async def arrival(self) -> None:
        """Return when an outcome has come home since the last call."""
        ...

    async def drain(self, partition: int, seconds: float) -> None:
        """Wait for what the partition has under way, at most so long."""
        ...

    async def discard(self, partition: int) -> None:
        """Forget the partition's actions and outcomes; whoever owns it next reconciles."""
        ...


def failed_outcome(action: Action, kind: str, reason: str) -> Outcome:
    """Return the outcome of an action whose actor raised: ``failure`` is `rejected`, `unavailable` or `bug`."""
    return Outcome(action.uid, {"failure": kind, "reason": reason})


async def perform(actor: Actor | None, deed: Deed) -> Outcome:
    """Return what came of the deed. An actor should not raise; if it does, that is an outcome too."""
    if actor is None:
        return failed_outcome(deed.action, Fate.BUG.value, "this service has nobody who performs actions")
    try:
        result = await attempt(lambda: actor.perform(deed.action, deed.now))
    except (Unavailable, Fenced) as error:
        return failed_outcome(deed.action, UNAVAILABLE, str(error))
    finally:
        reach("ledger.acted")
    if isinstance(result, Failure):
        _log.error("an actor raised", action=deed.action.kind, reason=result.reason, traceback=result.traceback)
        return failed_outcome(deed.action, result.fate.value, result.reason)
    return result


class LiveActions:
    """Each action is a task of the event loop."""

    at_once = False

    def __init__(self, actor: Actor | None) -> None:
        self._actor = actor
        self._tasks: dict[int, set[asyncio.Task[None]]] = {}
        self._home: dict[int, deque[Result]] = {}
        self._arrived = asyncio.Event()

    @property
    def running(self) -> int:
        """How many are under way."""
        return sum(len(tasks) for tasks in self._tasks.values())

    async def launch(self, deed: Deed) -> None:
        """Start a task."""
        tasks = self._tasks.setdefault(deed.partition, set())
        task = asyncio.create_task(self._run(deed))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _run(self, deed: Deed) -> None:
        outcome = await perform(self._actor, deed)
        self._home.setdefault(deed.partition, deque()).append(Result(_LONG_AGO, 0, deed.tenant, outcome))
        self._arrived.set()

    def next_at(self, partition: int) -> int | None:
        """Return an instant long ago when an outcome is home: it is due whatever the clock says."""
        return _LONG_AGO if self._home.get(partition) else None

    def take(self, partition: int) -> Result:
        """Return the outcome that came home first."""
        return self._home[partition].popleft()

    async def arrival(self) -> None:
        """Return when an outcome has come home since the last call."""
        await self._arrived.wait()
        self._arrived.clear()

    async def drain(self, partition: int, seconds: float) -> None:
        """Wait for the partition's tasks."""
        if tasks := self._tasks.get(partition):
            await asyncio.wait(tasks, timeout=seconds)

    async def discard(self, partition: int) -> None:
        """End the partition's tasks."""
        tasks = self._tasks.pop(partition, set())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._home.pop(partition, None)


class VirtualActions:
    """Each action is performed at once; its outcome is due after the latency that its kind declares."""

    at_once = True
    running = 0

    def __init__(self, actor: Actor | None, latency: Callable[[Action], int]) -> None:
        self._actor = actor
        self._latency = latency
        self._home: dict[int, list[Result]] = {}
        self._turn = 0

    async def launch(self, deed: Deed) -> None:
        """Perform it."""
        outcome = await perform(self._actor, deed)
        self._turn += 1
        result = Result(deed.now + self._latency(deed.action), self._turn, deed.tenant, outcome)
        heapq.heappush(self._home.setdefault(deed.partition, []), result)

    def next_at(self, partition: int) -> int | None:
        """Return when the next outcome is due."""
        home = self._home.get(partition)
        return home[0].at if home else None

    def take(self, partition: int) -> Result:
        """Return the outcome that is due first."""
        return heapq.heappop(self._home[partition])

    async def arrival(self) -> None:
        """Return at once: nothing is ever under way."""

    async def drain(self, partition: int, seconds: float) -> None:
        """Return at once: nothing is ever under way."""

    async def discard(self, partition: int) -> None:
        """Forget the partition's outcomes."""
        self._home.pop(partition, None)
