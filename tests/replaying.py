"""Plays recordings through the whole product, and says what was concluded in the terms of the laws."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from lab.recording import Recording as Film
from runtime.log import Log
from schemas.replay import ReplayReport
from schemas.tenant import Tenant
from services.ingest.__main__ import normalizer
from services.ingest.ports import AUTO
from stanch.assembly import Settings
from stanch.replay.driver import replay
from stanch.replay.play import Play
from stanch.replay.recording import Stamped, read

Fate = tuple[str, str, str, str]
Incident = frozenset[tuple[str, str, str]]
LONG = 30 * 24 * 60


class Nobody:
    """Looks on and says nothing."""

    async def played(self, upto: Stamped, records: int, log: Log) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Conclusion:
    """What two runs must share to count as the same: the fate of every target, and who is what in which incident."""

    fates: frozenset[Fate]
    incidents: frozenset[Incident]


def play(
    paths: Sequence[Path], home: Path, tenant: Tenant | None = None, settings: Settings | None = None
) -> ReplayReport:
    """Play the files for ``tenant``, armed against the lab."""
    recording = read(paths, AUTO, normalizer(), lambda _: None)
    whose = tenant or Tenant(slug="default")
    played = asyncio.run(replay(Play(recording, whose, settings or Settings(), home, {"stdout": StringIO()}), Nobody()))
    return played.report


def play_lines(lines: Sequence[bytes], home: Path, tenant: Tenant, settings: Settings | None = None) -> ReplayReport:
    """Play ``lines`` in the order given."""
    path = home / "recording.ndjson"
    path.write_bytes(b"\n".join(line.strip() for line in lines) + b"\n")
    return play([path], home, tenant, settings)


def company(film: Film, **changes: object) -> Tenant:
    """The tenant that the recording's inventory describes."""
    inventory = film.labels["inventory"]
    facts = {
        "slug": "demo",
        "networks": inventory["networks"],
        "resolvers": inventory["resolvers"],
        "automation_accounts": inventory["automation_accounts"],
    }
    return Tenant.model_validate(facts | changes)


def conclusion(report: ReplayReport) -> Conclusion:
    """What the report concludes, without ids and times."""
    fates = {
        (hold.control.value, hold.target.type.value, hold.target.id, "held" if hold.verified_at else hold.state.value)
        for hold in report.holds
    }
    incidents = {
        frozenset((entity.type.value, entity.id, entity.role.value) for entity in incident.entities)
        for incident in report.incidents
    }
    return Conclusion(frozenset(fates), frozenset(incidents))


def held(report: ReplayReport) -> set[tuple[str, str]]:
    """Who was held: applied and verified, whatever came later."""
    return {(h.target.type.value, h.target.id) for h in report.holds if h.applied_at and h.verified_at}
