"""Files: recordings on disk become records, exactly as their bytes stand there."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from evtx import PyEvtxParser

from runtime.log import MAX_RECORD_BYTES
from services.ingest.ports import AUTO, Hints
from services.ingest.receivers.opening import Opened, opened
from services.ingest.receivers.split import split

RECORDING_SUFFIXES: Final = frozenset(
    {".json", ".jsonl", ".ndjson", ".log", ".txt", ".evtx", ".tsv", ".zip", ".gz", ".zst", ".zstd"}
)
"""What is taken out of a directory; a file that is named itself may be called anything."""

_EVTX: Final = b"ElfFile\x00"


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record of a file. ``position`` names file and place; ``modified`` is the file's own time, epoch milliseconds."""

    source: str
    position: str
    record: bytes
    file: str
    preamble: str = ""
    modified: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers with which it travels on ``records.<tenant>``."""
        headers = {"source": self.source, "position": self.position}
        if self.preamble:
            headers["preamble"] = self.preamble
        return headers

    @property
    def hints(self) -> Hints:
        """Return what a source is told about it; the file's own time stands for receipt."""
        return Hints(at=self.modified, preamble=self.preamble)


def read_records(paths: Iterable[Path], source: str = AUTO) -> Iterator[RawRecord]:
    """Yield the records of files and directories, in the order given, a directory's by name.

    A record's id depends on the name of its file below the path given and on its place in it, not on where the path lies.
    What is broken is a record too.

    Raises:
        OSError: a path does not exist or may not be read.
    """
    seen: Counter[str] = Counter()
    for path in paths:
        for file, name in _files(path):
            seen[name] += 1
            unique = name if seen[name] == 1 else f"{name}#{seen[name]}"
            for recording in opened(file, unique):
                yield from _records(recording, source)


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    if not path.is_dir():
        yield path, _text(path.name)
        return
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path)
        if file.is_file() and file.suffix.lower() in RECORDING_SUFFIXES and not _is_hidden(inside):
            yield file, _text(inside.as_posix())


def _text(name: str) -> str:
    """Return a file's name as text that every encoder takes; names on disk are bytes, and may be none."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _records(recording: Opened, source: str) -> Iterator[RawRecord]:
    name, modified = recording.name, recording.modified
    if recording.data[: len(_EVTX)] == _EVTX:
        yield from _evtx(recording, source)
    else:
        for offset, record, preamble in split(recording.data):
            yield RawRecord(source, f"{name}:{offset}", record[: MAX_RECORD_BYTES + 1], name, preamble, modified)
    if recording.failure:
        reason = f"\x00cannot be uncompressed further: {recording.failure}".encode()
        yield RawRecord(source, f"{name}:failure", reason, name, modified=modified)


def _evtx(recording: Opened, source: str) -> Iterator[RawRecord]:
    """Yield the records of an EVTX file as its parser renders them; what it cannot read is a broken record with its reason."""
    name, modified = recording.name, recording.modified
    broken = 0
    for position, record in _rendered(recording):
        broken += position == ""
        place = position or f"broken{broken}"
        yield RawRecord(source, f"{name}:{place}", record, name, modified=modified)


def _rendered(recording: Opened) -> Iterator[tuple[str, bytes]]:
    try:
        records = PyEvtxParser(BytesIO(recording.data[:]), 1).records_json()
    except (OSError, RuntimeError) as error:
        yield "", _broken(error)
        return
    while True:
        try:
            record = next(records, None)
        except (RuntimeError, ValueError) as error:
            yield "", _broken(error)
        else:
            if record is None:
                return
            yield f"record {record['event_record_id']}", str(record["data"]).encode()


def _broken(error: BaseException) -> bytes:
    return f"\x00no EVTX record: {error}".encode()
