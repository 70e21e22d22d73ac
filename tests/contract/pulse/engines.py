"""The two engines of pulse, as the contract suite sees them: told measures, and asked what they told."""

import asyncio
import contextlib
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

from runtime.clock import VirtualClock, WallClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.kafka import KafkaAdmin, KafkaLog
from runtime.log import Log, Message
from runtime.partitions import partition_of
from schemas.dead_letter import DeadLetter
from schemas.finding import Finding
from schemas.topics import DEAD_LETTERS, FINDINGS
from services.detect.pulse.__main__ import compose
from tests.contract.pulse.scenes import mark

PARTITIONS = 2
PATIENCE_SECONDS = 60.0


class Engine(ABC):
    """One engine on a log of its own. ``start`` after ``kill`` is another process that takes over."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._marks = 0

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    async def stop(self) -> None: ...

    @abstractmethod
    async def kill(self) -> None: ...

    @abstractmethod
    async def until(self, what: str, awaited: int) -> None:
        """Let it work until so many dead letters are there of marks."""

    @abstractmethod
    async def time_comes(self, second: int) -> None:
        """Let it become ``second`` for everybody, without a measure of those who are watched."""

    async def publish(self, messages: Sequence[Message], second: int) -> None:
        """Publish ``messages``, and a mark behind them in each partition."""
        await self.log.append(messages)
        keys: dict[int, str] = {}
        while len(keys) < PARTITIONS:
            one = mark(f"mark-{uuid4().hex}", second)
            keys[partition_of(one, PARTITIONS)] = one.key
        self._marks += PARTITIONS
        await self.log.append([mark(key, second) for key in keys.values()])

    async def heard(self) -> None:
        """Let it work until it has handled everything."""
        await self.until("marks", self._marks)

    async def topics(self) -> frozenset[str]:
        """The topics that it made for itself."""
        return frozenset()

    async def findings(self) -> list[Finding]:
        """Everything that it told, as often as it did."""
        return [Finding.model_validate_json(value) for value in await self._all(FINDINGS.name)]

    async def dead(self, tenant: str) -> list[DeadLetter]:
        letters = [DeadLetter.model_validate_json(value) for value in await self._all(DEAD_LETTERS.name)]
        return [letter for letter in letters if letter.tenant == tenant]

    async def _all(self, topic: str) -> list[bytes]:
        return [
            message.value
            for partition in range(await self.log.partitions(topic))
            async for message in self.log.read(topic, partition)
        ]


class Embedded(Engine):
    """pulse on the log port."""

    def __init__(self, folder: Path) -> None:
        super().__init__(EmbeddedLog(folder / "log.sqlite3", WallClock(), PARTITIONS))
        self._folder = folder

    async def start(self) -> None:
        self._worker = compose(Deployment(self.log, {}, VirtualClock(), self._folder, virtual=True))
        await self._worker.start()

    async def stop(self) -> None:
        await self._worker.stop()

    async def kill(self) -> None:
        """Nothing that it held is kept; it leaves its group only because there is no session that could run out."""
        await self._worker.stop()

    async def until(self, what: str, awaited: int) -> None:
        while await self._worker.step(0):
            pass
        assert len(await self.dead(what)) >= awaited

    async def time_comes(self, second: int) -> None:
        while (due := self._worker.deadline()) is not None and due <= second * 1000:
            await self._worker.advance(due)
        await self._worker.advance(second * 1000)


class OnFaust(Engine):
    """The application, as a process of its own on a real broker."""

    def __init__(self, folder: Path, bootstrap: str, deployment: str) -> None:
        super().__init__(KafkaLog(bootstrap, WallClock(), f"{deployment}."))
        self._folder = folder
        self._address = f"kafka://{bootstrap}/{deployment}"
        (folder / "stanch.yaml").write_text("version: 1\n")
        (folder / "tenants").mkdir(exist_ok=True)

    async def start(self) -> None:
        command = [sys.executable, "-m", "services.detect.pulse", "--config", str(self._folder / "stanch.yaml"),
                   "--log", self._address, "--member", "0", "--virtual"]  # fmt: skip
        environment = {**os.environ, "STANCH_HOME": str(self._folder / "state")}
        with (self._folder / "said.txt").open("ab") as said:
            self._process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)  # noqa: ASYNC220 # at once

    async def stop(self) -> None:
        self._process.terminate()
        assert await asyncio.to_thread(self._process.wait, 10) == 0, self._said()

    async def kill(self) -> None:
        self._process.kill()
        await asyncio.to_thread(self._process.wait, 10)

    async def until(self, what: str, awaited: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(await self.dead(what)) < awaited:
                    assert self._process.poll() is None, self._said()
                    await asyncio.sleep(0.1)
                return
        raise AssertionError(f"nothing came of the marks: {self._said()}")

    async def time_comes(self, second: int) -> None:
        """A mark moves the clock, and the application's timer looks at it."""
        before = -1
        await self.publish([], second)
        await self.heard()
        while len(found := await self.findings()) != before:
            before = len(found)
            await asyncio.sleep(2.5)  # two looks of its timer

    async def topics(self) -> frozenset[str]:
        log = self.log
        assert isinstance(log, KafkaLog)
        async with KafkaAdmin(log.cluster.bootstrap, log.cluster.prefix) as admin:
            return frozenset(topic.name for topic in await admin.topics() if not topic.declared)

    def _said(self) -> str:
        return (self._folder / "said.txt").read_text()[-4000:]


@contextlib.asynccontextmanager
async def on_faust(folder: Path, bootstrap: str) -> AsyncIterator[OnFaust]:
    """The application on topics of its own."""
    deployment = f"pulse-{uuid4().hex[:8]}"
    async with KafkaAdmin(bootstrap, f"{deployment}.") as admin:
        await admin.create([], PARTITIONS, 1)
    engine = OnFaust(folder, bootstrap, deployment)
    try:
        yield engine
    finally:
        await engine.kill()
        await engine.log.close()


@contextlib.asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Embedded]:
    """The worker on a log of its own."""
    engine = Embedded(folder)
    try:
        yield engine
    finally:
        await engine.stop()
        await engine.log.close()
