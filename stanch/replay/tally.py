"""Counts what became of the records, from the headers of the events alone."""

from collections import Counter
from dataclasses import dataclass

from runtime.log import Log
from schemas.dead_letter import DeadLetter
from schemas.replay import EventCounts, SourceCounts
from schemas.topics import DEAD_LETTERS, EVENTS
from services.ingest.ports import MAPPED
from stanch.projection import everything, stored


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the records of a replay.

    ``base_kinds`` says which kinds no mapper knew: channel and event id for Windows, else the source's own type.
    """

    counts: EventCounts
    base_kinds: Counter[str]


async def tally(log: Log, records: int, tenant: str) -> Tally:
    """Return what became of the tenant's ``records`` records."""
    normalized, base, base_kinds = Counter[str](), Counter[str](), Counter[str]()
    async for event in stored(log, EVENTS.name, tenant):
        if event.headers[MAPPED] == "1":
            normalized[event.headers["source"]] += 1
        else:
            base[event.headers["source"]] += 1
            base_kinds[event.headers["kind"]] += 1
    dead = await _dead(log, tenant)
    by_source = {
        name: SourceCounts(normalized=normalized[name], base=base[name], dead_letters=dead[name])
        for name in sorted({*normalized, *base, *dead})
    }
    counts = EventCounts(
        records=records,
        normalized=normalized.total(),
        base=base.total(),
        dead_letters=dead.total(),
        by_source=by_source,
    )
    return Tally(counts, base_kinds)


async def _dead(log: Log, tenant: str) -> Counter[str]:
    letters = await everything(log, DEAD_LETTERS, DeadLetter, tenant)
    return Counter(one.headers.get("source", "unknown") for one in letters if one.service == "ingest")
