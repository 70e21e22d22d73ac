"""What a replay plays, and what came of it: the same on every log."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol, TextIO

from runtime.clock import NOW_HEADER
from runtime.log import Log, Message
from schemas.finding import Finding
from schemas.hold import Hold
from schemas.incident import Incident
from schemas.notification import Notification
from schemas.remediation import Remediation
from schemas.replay import ReplayReport
from schemas.tenant import Tenant
from schemas.topics import FINDINGS, HOLDS, INCIDENTS, NOTIFICATIONS, REMEDIATIONS, records_of
from stanch.assembly import Settings
from stanch.projection import everything, newest
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


def batches(recording: Recording) -> Iterator[Sequence[Stamped]]:
    """Yield the records in the portions in which the services are given them."""
    records = iter(recording.records)
    while batch := list(islice(records, BATCH)):
        yield batch


def messages(batch: Sequence[Stamped], tenant: str) -> list[Message]:
    """Return the records as the tenant's sources would have published them."""
    topic = records_of(tenant)
    return [
        Message(topic, tenant, one.raw.source, one.raw.record, {**one.raw.headers, NOW_HEADER: str(one.at)})
        for one in batch
    ]


async def outcome(play: Play, log: Log, began: float) -> Played:
    """Return what came of the play, which ``began`` at that reading of ``time.perf_counter``."""
    tenant = play.tenant.slug
    counted = await tally(log, len(play.recording.records), tenant)
    found = report(counted.counts, await _conclusions(log, tenant), time.perf_counter() - began)
    return Played(found, dict(counted.base_kinds.most_common()))


async def _conclusions(log: Log, tenant: str) -> Conclusions:
    deliveries = await everything(log, NOTIFICATIONS, Notification, tenant)
    return Conclusions(
        findings=await everything(log, FINDINGS, Finding, tenant),
        incidents=await newest(log, INCIDENTS, Incident, tenant),
        holds=await newest(log, HOLDS, Hold, tenant),
        remediations=await everything(log, REMEDIATIONS, Remediation, tenant),
        notifications=list({one.uid: one for one in deliveries}.values()),
    )
