"""Two processes of one service on three partitions, what they are fed, and what must have come of it."""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path

from runtime.ledger import audit
from runtime.log import Log
from runtime.partitions import tenant_partition
from tests.real_data import ROOT
from tests.unit.runtime.toy import LEDGER, OUTPUT, said, texts

PARTITIONS = 3
ALL = [0, 1, 2]
TENANTS = ("acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "tyrell")
PATIENCE_SECONDS = 40.0

assert {tenant_partition(tenant, PARTITIONS) for tenant in TENANTS} == set(ALL)


class Member:
    """One process, and what it last said that it owns."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.owns: list[int] = []
        self.changes = 0
        self._hearing = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.owns = [int(word) for word in line.split()[1:]]
            self.changes += 1
        self.owns = []

    async def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, or make it, and return how it did."""
        if self.process.returncode is None:
            self.process.send_signal(by)
        return await self.ended()

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await self.process.wait()
        await self._hearing
        return code

    @property
    def is_frozen(self) -> bool:
        """Whether the kernel says that it has stopped."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@asynccontextmanager
async def member(address: str, name: str = "", **failpoint: str) -> AsyncIterator[Member]:
    """A process of the service; it does not outlive the block."""
    words = [sys.executable, "-m", "tests.integration.kafka.service", address, *([name] if name else [])]
    process = await asyncio.create_subprocess_exec(
        *words, cwd=ROOT, env=os.environ | failpoint, stdout=asyncio.subprocess.PIPE
    )
    one = Member(process)
    try:
        yield one
    finally:
        await one.end(signal.SIGKILL)


async def until(holds: Callable[[], bool]) -> float:
    """Wait until something holds; return after how many seconds it did."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 # what other processes do sets no event here
            await asyncio.sleep(0.01)
    return time.monotonic() - began


async def shared(*members: Member) -> float:
    """Wait until the members own all partitions between them, each at least one."""
    return await until(
        lambda: all(one.owns for one in members) and sorted(chain(*(one.owns for one in members))) == ALL
    )


class Feed:
    """Adds ones for every tenant, and holds the service to them."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.rounds = 0

    async def give(self, rounds: int) -> None:
        for _ in range(rounds):
            await self._log.append([said(tenant, add=1) for tenant in TENANTS])
            self.rounds += 1

    async def keep_giving(self, enough: Callable[[], bool]) -> None:
        """Feed a little all the time, until ``enough``."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not enough():
                await self.give(1)
                await asyncio.sleep(0.01)

    async def check(self) -> None:
        """Wait for the outputs of all that was fed: each once; and every chain of the ledger is whole."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(outputs := await self._outputs()) < self.rounds * len(TENANTS):  # noqa: ASYNC110 # nor this
                await asyncio.sleep(0.1)
        totals = [f"total {number}" for number in range(1, self.rounds + 1)]
        assert Counter(outputs) == dict.fromkeys(totals, len(TENANTS))
        lines = [line for number in ALL async for line in audit(self._log, LEDGER, number)]
        added = Counter(line.tenant for line in lines if line.entry.kind == "add")
        assert added == dict.fromkeys(TENANTS, self.rounds)

    async def _outputs(self) -> list[str]:
        return [text for number in ALL for text in await texts(self._log, OUTPUT, number)]
