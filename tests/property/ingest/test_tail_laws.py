"""Whatever happens to a file between two looks: each line comes once, whole, in the order of its file, under an id of its own."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.clock import VirtualClock
from runtime.deployment import Deployment
from runtime.log import Log, Message
from schemas.tenant import Tenant
from services.ingest.receivers.tail_files import Tailer
from services.ingest.settings import TailSettings

START = 1_760_000_000_000
LINGER = 10


class Killed(BaseException):
    """The process is gone, at this very place."""


@dataclass
class World:
    """A folder in which a daemon writes, an administrator rotates, and a tailer reads that may be killed."""

    folder: Path
    lines: list[Message] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    kills: str = ""
    rotations: int = 0
    seen: set[int] = field(default_factory=set)
    """Files that were looked at as they are: one that comes and goes, or begins anew and goes, between two looks nobody knows."""

    async def append(self, messages: Sequence[Message]) -> None:
        """What the tailer takes for the log."""
        if self.kills == "before":
            raise Killed
        self.lines += messages
        if self.kills == "after":
            raise Killed

    @property
    def path(self) -> Path:
        """Where the daemon writes."""
        return self.folder / "a.log"

    async def begin(self) -> None:
        """Start a tailer in the place of the one before."""
        source = {"path": str(self.folder / "a.log"), "kind": "auto", "begin": "beginning"}
        tenant = Tenant.model_validate({"slug": "acme", "sources": [source]})
        deployment = Deployment(cast("Log", self), {"acme": tenant}, self.clock, self.folder)
        self.tail = Tailer(deployment, TailSettings(poll_ms=1, linger_seconds=LINGER))
        await self.tail.start()

    async def look(self) -> None:
        """Let it read; the clock goes on a little."""
        self.clock.advance(self.clock.now() + 1000)
        if self.path.exists():
            self.seen.add(self.path.stat().st_ino)
        while await self.tail.step(0):
            pass

    async def do(self, deed: str) -> None:
        """One thing happens."""
        if deed in ("line", "half", "lines"):
            self._write(deed)
        elif deed == "rotate" and self.path.exists() and self.path.stat().st_ino in self.seen:
            self.rotations += 1
            self.path.rename(self.folder / f"a.log.{self.rotations}")
        elif deed == "empty" and self.path.exists() and not self._is_half():
            await self.look()  # what nobody has read before it is emptied is lost for everybody
            os.truncate(self.path, 0)
            self.seen.clear()
        elif deed == "look":
            await self.look()
        elif deed == "restart":
            await self.tail.stop()
            await self.begin()
        elif deed.startswith("kill"):
            await self._kill(deed.partition(" ")[2])

    def _write(self, deed: str) -> None:
        with self.path.open("a") as file:
            for _ in range(3 if deed == "lines" else 1):
                end = "" if deed == "half" else "\n"
                if not self._is_half():
                    self.written.append("")
                self.written[-1] += f"<{len(self.written)}.{len(self.written[-1])}>"
                file.write(self.written[-1][self.written[-1].rindex("<") :] + end)
                file.flush()

    def _is_half(self) -> bool:
        if not self.path.exists():
            return False
        data = self.path.read_bytes()
        return bool(data) and not data.endswith(b"\n")

    async def _kill(self, moment: str) -> None:
        self.kills = moment
        try:
            await self.look()
        except Killed:
            for source in self.tail._sources:
                for file in source.files:
                    file.close()  # as the kernel does
        self.kills = ""
        await self.begin()


DEEDS = st.sampled_from(
    ["line", "lines", "half", "rotate", "empty", "look", "look", "restart", "kill before", "kill after"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(DEEDS, max_size=25))
def test_each_line_once(deeds: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_story(World(Path(folder)), deeds))


async def _story(world: World, deeds: Sequence[str]) -> None:
    await world.begin()
    await world.look()
    for deed in deeds:
        await world.do(deed)
    if world._is_half():
        world._write("line")
    await world.look()
    world.clock.advance(world.clock.now() + 2 * LINGER * 1000)
    await world.look()
    world.clock.advance(world.clock.now() + 2 * LINGER * 1000)
    await world.look()
    await world.tail.stop()
    distinct = {(line.headers["position"], line.headers["received"], line.value) for line in world.lines}
    assert sorted(value.decode() for _, _, value in distinct) == sorted(world.written)
    assert len({position for position, _, _ in distinct}) == len(distinct), "two lines under one id"
