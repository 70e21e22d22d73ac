"""What the sensors wrote: flat Windows events in the shape that nxlog ships, collected and put in order."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from lab.recording.estate import Machine

Fields = dict[str, object]


def utc(instant: int) -> str:
    """Return ``2026-05-15 08:12:31.123``."""
    return f"{datetime.fromtimestamp(instant // 1000, UTC):%Y-%m-%d %H:%M:%S}.{instant % 1000:03d}"


@dataclass(frozen=True, slots=True)
class Feed:
    """Who reports, into which channel."""

    source: str
    channel: str
    guid: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """One event with its instant, its machine and the story that it belongs to."""

    instant: int
    machine: Machine
    story: str
    fields: Fields


@dataclass
class Journal:
    """Everything written so far. ``story`` marks what is written until it changes."""

    story: str = "benign"
    notes: list[Note] = field(default_factory=list)

    def write(self, feed: Feed, machine: Machine, instant: int, event_id: int, fields: Fields, *, pid: int = 4) -> None:
        """Write one event that ``feed`` reports on ``machine``; ``pid`` is the reporting process."""
        stamp = utc(instant).replace(" ", "T") + "Z"
        head: Fields = {
            "EventID": event_id,
            "Channel": feed.channel,
            "SourceName": feed.source,
            "Hostname": machine.fqdn,
            "@timestamp": stamp,
            "TimeCreated": stamp,
            "ExecutionProcessID": pid,
        }
        if feed.guid:
            head["ProviderGuid"] = feed.guid
        self.notes.append(Note(instant, machine, self.story, {**head, **fields}))

    def ordered(self) -> list[Note]:
        """Return the notes by time; at the same instant as they were written."""
        return sorted(self.notes, key=lambda note: note.instant)

    def lines(self) -> Iterator[bytes]:
        """Yield one JSON line per event, each with the record number of its machine's channel."""
        numbers: dict[tuple[str, object], int] = defaultdict(lambda: 10_000)
        for note in self.ordered():
            key = (note.machine.role, note.fields["Channel"])
            numbers[key] += 1
            yield (
                orjson.dumps({**note.fields, "RecordNumber": numbers[key], "SourceModuleType": "im_msvistalog"}) + b"\n"
            )
