"""Counts what became of the records, from the headers of the events alone."""

from collections import Counter
from collections.abc import Mapping

from runtime.log import Log
from schemas.dead_letter import DeadLetter
from schemas.replay import EventCounts, SourceCounts
from schemas.topics import DEAD_LETTERS, EVENTS
from stanch.projection import everything

MAPPED = "mapped"


class Tally:
    """Reads on where it stopped, so that it can count while the log is trimmed behind it.

    ``base_kinds`` says which kinds no mapper knew: channel and event id for Windows, else the source's own type.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._upto: Counter[int] = Counter()
        self._normalized: Counter[str] = Counter()
        self._base: Counter[str] = Counter()
        self.base_kinds: Counter[str] = Counter()

    async def count(self) -> None:
        """Count the events that have come since."""
        for partition in range(await self._log.partitions(EVENTS.name)):
            async for event in self._log.read(EVENTS.name, partition, self._upto[partition]):
                self._add(event.headers)
                self._upto[partition] = event.offset + 1

    def _add(self, headers: Mapping[str, str]) -> None:
        if headers.get(MAPPED) == "1":
            self._normalized[headers["source"]] += 1
        else:
            self._base[headers["source"]] += 1
            self.base_kinds[headers["kind"]] += 1

    async def total(self, records: int) -> EventCounts:
        """Return the counts of a replay of ``records`` records."""
        await self.count()
        dead = Counter(
            letter.headers.get("source", "unknown")
            for letter in await everything(self._log, DEAD_LETTERS, DeadLetter)
            if letter.service == "ingest"
        )
        by_source = {
            name: SourceCounts(normalized=self._normalized[name], base=self._base[name], dead_letters=dead[name])
            for name in sorted({*self._normalized, *self._base, *dead})
        }
        return EventCounts(
            records=records,
            normalized=self._normalized.total(),
            base=self._base.total(),
            dead_letters=dead.total(),
            by_source=by_source,
        )
