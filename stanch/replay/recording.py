"""Reads the inputs of a replay once: their records in order of virtual receipt, and whom they name."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Final, Protocol

from runtime.errors import Rejected
from schemas.ocsf.objects import ACCOUNT, HOST, Observable
from schemas.times import DAY
from services.ingest.ports import Hints
from services.ingest.receivers.files import RawRecord, read_records

BREATH: Final = 500
A_WRONG_CLOCK: Final = DAY
"""How far beyond nearly all others a time may lie and still move the clock: one wrong clock must not end the day."""
Told = Callable[[int], None]
Timed = tuple[RawRecord, int | None]


class Peek(Protocol):
    """Ingest's own reading of a record, without making an event of it."""

    def peek(self, record: bytes, source: str, hints: Hints) -> tuple[int, list[Observable]]:
        """Return event time and observables, or raise ``Rejected``."""
        ...


@dataclass(frozen=True, slots=True)
class Stamped:
    """A record and its virtual instant of receipt."""

    at: int
    raw: RawRecord


@dataclass(slots=True)
class Recording:
    """All records, ordered by virtual receipt, and every host and account that they name."""

    records: Sequence[Stamped] = ()
    hosts: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)

    @property
    def start(self) -> int:
        """The first instant."""
        return self.records[0].at if self.records else 0


def read(paths: Iterable[Path], source: str, ingest: Peek, told: Told) -> Recording:
    """Return what the files hold. Each file keeps its own order; files are merged by event time. Kept in memory.

    Raises:
        OSError: a path does not exist or may not be read.
    """
    found, files = Recording(), dict[str, list[Timed]]()
    for number, raw in enumerate(read_records(paths, source), 1):
        files.setdefault(raw.file, []).append((raw, _time(ingest, raw, found)))
        if number % BREATH == 0:
            told(BREATH)
    stamped = (one for file in files.values() for one in _stamped(file))
    found.records = sorted(stamped, key=attrgetter("at"))
    return found


def _stamped(file: Sequence[Timed]) -> Iterator[Stamped]:
    """Stamp with the newest event time so far. A record before any time gets the first; a file without one its own."""
    believed = _believed([time for _, time in file])
    newest = next((time for time in believed if time is not None), file[0][0].modified)
    for (raw, _), time in zip(file, believed, strict=True):
        newest = max(newest, time or newest)
        yield Stamped(newest, raw)


def _believed(times: Sequence[int | None]) -> list[int | None]:
    known = sorted(time for time in times if time is not None)
    latest = known[(len(known) - 1) * 99 // 100] + A_WRONG_CLOCK if known else 0
    return [None if time is None or time > latest else time for time in times]


def _time(ingest: Peek, raw: RawRecord, found: Recording) -> int | None:
    try:
        time, observables = ingest.peek(raw.record, raw.source, raw.hints)
    except Rejected:
        return None
    for one in observables:
        if one["type_id"] == HOST:
            found.hosts.add(one["value"])
        elif one["type_id"] == ACCOUNT:
            found.accounts.add(one["value"])
    return time
