"""Runs cases: a lab that lives on, responds that are killed, and the lab's own count as the judge."""

import asyncio
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import httpx
import orjson

from runtime.clock import WallClock
from runtime.embedded.log import EmbeddedLog
from runtime.log import Message
from schemas.decision import Verb
from schemas.hold import Hold, HoldState
from schemas.identity import compose
from schemas.topics import DECISIONS, INCIDENTS
from tests.chaos.respond import child, lab_process
from tests.chaos.respond.cases import LATE_SECONDS, NONE, Case
from tests.unit.respond.incidents import TENANT, decision, incident

AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a case."""

    case: Case
    died: bool
    intent_open: bool
    transitions: int
    state: HoldState | None

    @property
    def good(self) -> bool:
        """One transition, and the right state."""
        return self.transitions == 1 and self.state is self.case.final


def processes() -> ForkServerContext:
    """Real processes that start quickly, because their imports are done once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chaos.respond.child", "tests.chaos.respond.lab_process"])
    return context


@contextmanager
def running_lab(context: ForkServerContext) -> Iterator[str]:
    """The lab's address while it runs."""
    mine, theirs = context.Pipe()
    process = context.Process(target=lab_process.serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield mine.recv()
    finally:
        process.terminate()
        process.join()


async def run(cases: Sequence[Case], home: Path) -> list[Row]:
    """Run ``cases``, several at once."""
    context = processes()
    gate = asyncio.Semaphore(AT_ONCE)
    with running_lab(context) as address:
        async with httpx.AsyncClient(base_url=address, timeout=10) as client:
            return await asyncio.gather(*[_gated(gate, Trial(case, home, address, client, context)) for case in cases])


async def _gated(gate: asyncio.Semaphore, trial: "Trial") -> Row:
    async with gate:
        return await trial.run()


async def _ends(process: ForkServerProcess, seconds: float) -> bool:
    """Return whether the process ends in time. No thread asks for its status: two who ask at once rob one another of it."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process.sentinel, ended.set)
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(process.sentinel)
    process.join()
    return True


class Trial:
    """One case."""

    def __init__(
        self, case: Case, home: Path, address: str, client: httpx.AsyncClient, context: ForkServerContext
    ) -> None:
        self._case = case
        self._home = home / f"case-{case.number:03}"
        self._address = address
        self._client = client
        self._context = context

    async def run(self) -> Row:
        """Wish, die, come back, and count."""
        case = self._case
        self._home.mkdir()
        await self._enrol()
        now = WallClock().now()
        entity = case.entity.model_copy(update={"last": now, "since": now})
        await self._say(INCIDENTS.name, incident(entity).model_dump_json().encode())
        if case.direction == "release":
            await self._live("apply", "")
            hold = await self._hold()
            assert hold is not None
            await self._say(DECISIONS.name, decision(Verb.RELEASE, hold.uid).model_dump_json().encode())
        await self._seed()
        died = await self._live(case.direction, case.label)
        intent_open = await self._intent_open()
        if died:
            await self._live(case.direction, "")
        end = await self._hold()
        return Row(case, died, intent_open, await self._counted(), end.state if end else None)

    async def _enrol(self) -> None:
        case = self._case
        if case.what == "machine":
            await self._post("/lab/hosts", [{"name": case.entity.id, "domain": "corp.example"}])
        if case.what == "account":
            await self._post("/lab/accounts", [{"name": case.entity.id, "dns_domain": "corp.example"}])

    async def _seed(self) -> None:
        case = self._case
        if case.fault != NONE:
            fault = {"kind": case.fault, "operation": case.operation, "target": case.entity.id, "seconds": LATE_SECONDS}
            await self._post("/lab/faults", [fault])

    async def _post(self, path: str, body: object) -> None:
        answer = await self._client.post(path, json=body)
        answer.raise_for_status()

    async def _counted(self) -> int:
        rows = (await self._client.get("/lab/transitions")).json()
        case = self._case
        return sum(
            row["count"] for row in rows if (row["target"], row["operation"]) == (case.entity.id, case.operation)
        )

    async def _live(self, direction: str, failpoint: str) -> bool:
        """Let respond live; return whether the failpoint ended it."""
        process: ForkServerProcess = self._context.Process(
            target=child.work, args=(str(self._home), self._address, direction, failpoint)
        )
        process.start()
        if not await _ends(process, child.LONGEST_SECONDS + 15):
            process.kill()
            raise AssertionError(f"{self._case}: it hangs")
        assert process.exitcode in (0, -signal.SIGKILL), f"{self._case}: exit {process.exitcode}"
        return process.exitcode == -signal.SIGKILL

    async def _say(self, topic: str, value: bytes) -> None:
        log = self._log()
        await log.append([Message(topic, TENANT, compose(TENANT, "x"), value)])
        await log.close()

    async def _hold(self) -> Hold | None:
        log = self._log()
        hold = await child.newest_hold(log)
        await log.close()
        return hold

    async def _intent_open(self) -> bool:
        log = self._log()
        lines = [orjson.loads(one.value) async for one in log.read("respond.ledger", 0)]
        await log.close()
        phases = [phase for line in lines if (phase := _phase(line))]
        return bool(phases) and phases[-1] == "dispatched"

    def _log(self) -> EmbeddedLog:
        return EmbeddedLog(self._home / "log.sqlite3", WallClock())


def _phase(line: object) -> str | None:
    """The phase of the effect that a ledger line carries, wherever the chain has put the entry."""
    if isinstance(line, dict):
        effect = line.get("effect")
        if isinstance(effect, dict) and "phase" in effect:
            return str(effect["phase"])
        return next((found for value in line.values() if (found := _phase(value))), None)
    return None
