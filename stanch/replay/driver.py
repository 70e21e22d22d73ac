"""Plays recordings through all services on a virtual clock, and reports what came of it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol, TextIO
from uuid import uuid4

from runtime.clock import NOW_HEADER, VirtualClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.log import Log, Message
from schemas.finding import Finding
from schemas.hold import Hold
from schemas.incident import Incident
from schemas.notification import Notification
from schemas.remediation import Remediation
from schemas.replay import ReplayReport
from schemas.tenant import Tenant
from schemas.topics import FINDINGS, HOLDS, INCIDENTS, NOTIFICATIONS, REMEDIATIONS, records_of
from stanch.assembly import SECTIONS, Doors, Settings, assemble
from stanch.projection import everything, newest
from stanch.replay import laboratory
from stanch.replay.lockstep import Lockstep
from stanch.replay.recording import Recording, Stamped
from stanch.replay.report import Conclusions, report
from stanch.replay.tally import tally

BATCH: Final = 500


class Watcher(Protocol):
    """Whoever looks on: a progress bar, the demonstration."""

    async def played(self, upto: Stamped, records: int, log: Log) -> None:
        """Hear that ``records`` more records have been handled by all services, ``upto`` the last of them."""
        ...


@dataclass(frozen=True, slots=True)
class Play:
    """What is played, for whom, with which settings."""

    recording: Recording
    tenant: Tenant
    settings: Settings
    home: Path
    terminals: Mapping[str, TextIO]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it. ``base_kinds`` counts the events that no mapper knew, by kind."""

    report: ReplayReport
    base_kinds: Mapping[str, int]


async def replay(play: Play, watcher: Watcher) -> Played:
    """Play the recording to the end and past the last expiry.

    Raises:
        StartError: a connector leads elsewhere than to the lab.
    """
    began = time.perf_counter()
    tenant = laboratory.armed_against_the_lab(play.tenant)
    clocks = {name: VirtualClock(play.recording.start) for name in SECTIONS}
    world = laboratory.open_lab(clocks["respond"])
    laboratory.enrol(world, play.recording, tenant)
    log = EmbeddedLog(None, VirtualClock(play.recording.start), prefix=f"replay-{uuid4().hex[:12]}.")

    def deployment(service: str) -> Deployment:
        return Deployment(log, {tenant.slug: tenant}, clocks[service], play.home, virtual=True)

    doors = Doors(laboratory.transport(world), play.terminals)
    lockstep = Lockstep(assemble(deployment, play.settings, doors))
    try:
        await lockstep.start()
        await _play(play, log, lockstep, watcher)
        await lockstep.run_out()
        counted = await tally(log, len(play.recording.records))
        found = report(counted.counts, await _conclusions(log), time.perf_counter() - began)
        return Played(found, dict(counted.base_kinds.most_common()))
    finally:
        await lockstep.stop()
        await log.close()


async def _play(play: Play, log: EmbeddedLog, lockstep: Lockstep, watcher: Watcher) -> None:
    records = iter(play.recording.records)
    while batch := list(islice(records, BATCH)):
        await log.append(_messages(batch, play.tenant.slug))
        await lockstep.settle()
        await watcher.played(batch[-1], len(batch), log)


def _messages(batch: Sequence[Stamped], tenant: str) -> list[Message]:
    topic = records_of(tenant)
    return [
        Message(topic, tenant, one.raw.source, one.raw.record, {**one.raw.headers, NOW_HEADER: str(one.at)})
        for one in batch
    ]


async def _conclusions(log: Log) -> Conclusions:
    return Conclusions(
        findings=await everything(log, FINDINGS, Finding),
        incidents=await newest(log, INCIDENTS, Incident),
        holds=await newest(log, HOLDS, Hold),
        remediations=await everything(log, REMEDIATIONS, Remediation),
        notifications=await _deliveries(log),
    )


async def _deliveries(log: Log) -> Sequence[Notification]:
    """Return the last state of each delivery."""
    return list({one.uid: one for one in await everything(log, NOTIFICATIONS, Notification)}.values())
