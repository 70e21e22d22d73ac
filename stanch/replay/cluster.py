"""Plays recordings on Kafka, every service a process of its own, under a prefix that is made for it and deleted after."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

from runtime.clock import NOW_HEADER, TICK_HEADER, WallClock
from runtime.kafka import KafkaAdmin, KafkaLog
from runtime.log import Message
from runtime.log_address import KafkaAddress
from schemas.hold import Hold
from schemas.times import DAY, MINUTE, SECOND
from schemas.topics import DECISIONS, HOLDS, TOPICS, records_of
from stanch.projection import newest
from stanch.replay import laboratory
from stanch.replay.crew import FLOW, Crew
from stanch.replay.files import write
from stanch.replay.play import Play, Played, Watcher, batches, messages, outcome
from stanch.replay.recording import Stamped

BREATH_SECONDS: Final = 0.02
FINE_TICKS: Final = (1, 2, 3, 5, 8, 13, 21, 34, 60, 120, 300, 600, 1_200, 1_800)
"""Seconds after the last record at which time is told: what waits for what must not find the other gone ahead."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How many partitions the topics have, how many processes each service, and where one of each is killed once."""

    partitions: int = 1
    members: int = 1
    failpoints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Staged:
    """What came of all plays. ``worlds`` are the lab's companies by tenant; ``killed`` the services that were."""

    played: Mapping[str, Played]
    worlds: Mapping[str, laboratory.LabWorld]
    killed: Sequence[str]


async def replay_on(address: KafkaAddress, plays: Sequence[Play], terms: Terms, watcher: Watcher) -> Staged:
    """Play each recording for its tenant, all at once, to the end and past the last expiry.

    Raises:
        StartError: a connector leads elsewhere than to the lab, or a service does not start.
        Unavailable: the broker does not answer.
    """
    began = time.perf_counter()
    stage_address = KafkaAddress(address.bootstrap, f"replay-{uuid4().hex[:12]}")
    worlds = {play.tenant.slug: laboratory.open_moving_lab(play.recording.start) for play in plays}
    async with _stage(stage_address, plays, terms, worlds) as stage:
        await stage.play(plays, watcher)
        await stage.run_out(plays)
        played = {play.tenant.slug: await outcome(play, stage.log, began) for play in plays}
        return Staged(played, worlds, stage.crew.killed)


@asynccontextmanager
async def _stage(
    address: KafkaAddress, plays: Sequence[Play], terms: Terms, worlds: Mapping[str, laboratory.LabWorld]
) -> AsyncIterator["Stage"]:
    async with AsyncExitStack() as stack:
        lab = await stack.enter_async_context(laboratory.serve(worlds))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="stanch-replay-")))
        config = _configure(folder, lab, plays, worlds)
        admin = await stack.enter_async_context(address.admin())
        stack.push_async_callback(admin.drop)
        await admin.create([play.tenant.slug for play in plays], terms.partitions)
        log = address.open(WallClock())
        stack.push_async_callback(log.close)
        crew = Crew(config, str(address), folder, terms.members, terms.failpoints)
        stack.push_async_callback(asyncio.to_thread, crew.stop)
        crew.start()
        yield Stage(address, admin, log, crew)


def _configure(folder: Path, lab: str, plays: Sequence[Play], worlds: Mapping[str, laboratory.LabWorld]) -> Path:
    tenants = []
    for play in plays:
        tenant = laboratory.armed_against_the_lab(play.tenant, f"{lab}/{play.tenant.slug}")
        laboratory.enrol(worlds[tenant.slug].world, play.recording, tenant)
        tenants.append(tenant)
    settings = plays[0].settings
    respond = settings.respond.model_copy(update={"lab": lab})
    sections = {name: getattr(settings, name) for name in type(settings).model_fields}
    return write(folder, {**sections, "respond": respond}, tenants)


@dataclass(frozen=True, slots=True)
class Stage:
    """The topics and the processes of one replay."""

    address: KafkaAddress
    admin: KafkaAdmin
    log: KafkaLog
    crew: Crew

    async def play(self, plays: Sequence[Play], watcher: Watcher) -> None:
        """Give the services all records, a portion of each recording at a time."""
        for portion in _portions(plays):
            await self.log.append([one for play, batch in portion for one in messages(batch, play.tenant.slug)])
            await self.settle([play.tenant.slug for play in plays])
            for _, batch in portion:
                await watcher.played(batch[-1], len(batch), self.log)

    async def run_out(self, plays: Sequence[Play]) -> None:
        """Let time pass, finely at first, then to the end of every hold, until nothing more comes of it."""
        ends = {play.tenant.slug: play.recording.records[-1].at for play in plays if play.recording.records}
        for seconds in FINE_TICKS:
            await self._tell({tenant: end + seconds * SECOND for tenant, end in ends.items()})
        known = -1
        while known != (known := await self._ledgers()):
            ends = {tenant: await self._after_all(tenant, end) for tenant, end in ends.items()}
            await self._tell({tenant: end + 10 * MINUTE for tenant, end in ends.items()})
            await self._tell(ends := {tenant: end + DAY for tenant, end in ends.items()})

    async def settle(self, tenants: Sequence[str]) -> None:
        """Return when every service has handled everything, in the order in which data flows."""
        inputs = {service: _inputs(service, tenants) for service in FLOW}
        waiting = list(FLOW)
        while waiting:
            self.crew.revive()
            if await self.admin.lag(self.address.group_prefix + waiting[0], inputs[waiting[0]]):
                waiting = list(FLOW)
                await asyncio.sleep(BREATH_SECONDS)
            else:
                waiting.pop(0)

    async def _tell(self, instants: Mapping[str, int]) -> None:
        """Tell the tenants' ledger services the time."""
        ticks = [
            Message(DECISIONS.name, tenant, tenant, b"", {TICK_HEADER: "1", NOW_HEADER: str(instant)})
            for tenant, instant in instants.items()
        ]
        await self.log.append(ticks)
        await self.settle(list(instants))

    async def _after_all(self, tenant: str, end: int) -> int:
        holds = await newest(self.log, HOLDS, Hold, tenant)
        return max([end, *(hold.expires_at for hold in holds if hold.expires_at is not None)])

    async def _ledgers(self) -> int:
        """Return how much the ledger services have written."""
        return sum(one.messages for one in await self.admin.topics() if one.name.endswith(".ledger"))


def _portions(plays: Sequence[Play]) -> Iterator[list[tuple[Play, Sequence[Stamped]]]]:
    for row in zip_longest(*(batches(play.recording) for play in plays)):
        yield [(play, batch) for play, batch in zip(plays, row, strict=True) if batch]


def _inputs(service: str, tenants: Sequence[str]) -> list[str]:
    """Return the topics that the service reads as a group."""
    if service == "ingest":
        return [records_of(tenant) for tenant in tenants]
    return [
        topic.name
        for topic in TOPICS.values()
        if service in topic.consumers and topic.public and topic.partition_by != "one"
    ]
