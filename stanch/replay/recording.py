"""Reads the inputs of a replay once: their records in order of virtual receipt, and whom they name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Final, Protocol

from runtime.errors import Rejected
from schemas.ocsf.objects import ACCOUNT, HOST, Observable
from services.ingest.ports import Hints
from services.ingest.receivers.files import RawRecord, read_records

BREATH: Final = 500
Told = Callable[[int], None]


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


@dataclass(slots=True)
class _File:
    """One file's records so far. ``newest`` makes event time monotone; a record before any time gets the first one."""

    newest: int = 0
    timeless: list[RawRecord] = field(default_factory=list)


def read(paths: Iterable[Path], source: str, ingest: Peek, told: Told) -> Recording:
    """Return what the files hold. Each file keeps its own order; files are merged by event time. Kept in memory.

    Raises:
        OSError: a path does not exist or may not be read.
    """
    found, files, records = Recording(), dict[str, _File](), list[Stamped]()
    for number, raw in enumerate(read_records(paths, source), 1):
        file = files.setdefault(raw.file, _File())
        records += _stamped(file, raw, _time(ingest, raw, found))
        if number % BREATH == 0:
            told(BREATH)
    for file in files.values():
        records += [Stamped(raw.modified, raw) for raw in file.timeless]
    found.records = sorted(records, key=attrgetter("at"))
    return found


def _stamped(file: _File, raw: RawRecord, time: int | None) -> list[Stamped]:
    if time is None and not file.newest:
        file.timeless.append(raw)
        return []
    waiting, file.timeless = file.timeless, []
    file.newest = max(file.newest, time or 0)
    return [Stamped(file.newest, one) for one in (*waiting, raw)]


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
