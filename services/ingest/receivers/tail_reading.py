"""Reading one file that grows: whole lines, from where it was left, across truncation and whatever it is called by now."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from runtime.log import MAX_RECORD_BYTES
from services.ingest.receivers.tail_places import Batch, Place

CHUNK: Final = 256 * 1024
_MARK: Final = 256


class Line(NamedTuple):
    """One line without its end, and where it begins. One that is too long is cut off behind the limit, to be refused by its size."""

    offset: int
    record: bytes


class Reading(NamedTuple):
    """The lines that a file holds beyond its place, and how far the place moves once the log has them."""

    lines: list[Line]
    batch: Batch


class GrowingFile:
    """One file, held open: a rename or a deletion does not take it away. Its place is the caller's to keep."""

    def __init__(self, path: Path, place: Place) -> None:
        self.place = place
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._looked_at = (-1, -1)
        self._is_drained = False
        self.idle_since: int | None = None

    @property
    def inode(self) -> tuple[int, int]:
        """Device and inode."""
        found = os.fstat(self._descriptor)
        return found.st_dev, found.st_ino

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)

    def is_the_one(self) -> bool:
        """Whether it is the file that its place was noted for: what lies before the place is what lay there."""
        return self._size() >= self.place.offset and self._mark(self.place.offset) == self.place.mark

    def begin_at_the_end(self) -> None:
        """Take only what is yet to come; a line that is being written counts as past."""
        self.place.offset = self._size()
        self.place.mark = self._mark(self.place.offset)

    def read(self, now: int, *, to_the_end: bool = False) -> Reading | None:
        """Return the lines that have come, None where there are none; ``to_the_end`` takes the last one without its end too."""
        if not self._has_changed() and self._is_drained and not to_the_end:
            return None
        known = self.place.batch
        reading = self._fresh(now, to_the_end=to_the_end) if known is None else self._again(known)
        self._is_drained = reading is None
        return reading

    def _fresh(self, now: int, *, to_the_end: bool) -> Reading | None:
        place = self.place
        data = os.pread(self._descriptor, CHUNK, place.offset)
        if b"\n" not in data and len(data) == CHUNK:
            data = os.pread(self._descriptor, MAX_RECORD_BYTES + 1, place.offset)
        used, skipping = _whole(data, skipping=place.skipping, to_the_end=to_the_end)
        if not used:
            return None
        lines = list(_lines(data[:used], place.offset, skipping=place.skipping))
        return Reading(lines, Batch(place.offset + used, now, skipping))

    def _again(self, batch: Batch) -> Reading:
        """Return what was handed over, or was about to be: the same lines, as of the same instant."""
        data = os.pread(self._descriptor, batch.upto - self.place.offset, self.place.offset)
        return Reading(list(_lines(data, self.place.offset, skipping=self.place.skipping)), batch)

    def note(self, batch: Batch) -> None:
        """Move the place: the log has everything before."""
        self.place.offset, self.place.skipping, self.place.batch = batch.upto, batch.skipping, None
        self.place.mark = self._mark(batch.upto)
        self.idle_since = None

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _has_changed(self) -> bool:
        """Whether size or time differ from the last look. What shrank, or has other bytes before the place, begins anew."""
        told = os.fstat(self._descriptor)
        looked_at, before = (told.st_size, told.st_mtime_ns), self._looked_at
        self._looked_at = looked_at
        if looked_at == before:
            return False
        place = self.place
        if not self.is_the_one() or (place.batch is not None and told.st_size < place.batch.upto):
            place.offset, place.mark, place.skipping, place.batch = 0, "", False, None
            place.rewritten += 1
        return True

    def _mark(self, offset: int) -> str:
        if offset == 0:
            return ""
        begin = max(0, offset - _MARK)
        return hashlib.blake2b(os.pread(self._descriptor, offset - begin, begin), digest_size=12).hexdigest()


def _whole(data: bytes, *, skipping: bool, to_the_end: bool) -> tuple[int, bool]:
    """Return how many bytes are whole lines, and whether a line that is too long goes on behind them."""
    end = data.rfind(b"\n") + 1
    if end:
        return end, False
    if skipping:
        return len(data), True
    if len(data) > MAX_RECORD_BYTES:
        return len(data), True
    return (len(data) if to_the_end else 0), False


def _lines(data: bytes, offset: int, *, skipping: bool) -> Iterator[Line]:
    """Yield the lines that say something; only a line feed ends one."""
    for line in data.split(b"\n"):
        record = line.removesuffix(b"\r")
        if record.strip() and not skipping:
            yield Line(offset, record[: MAX_RECORD_BYTES + 1])
        skipping = False
        offset += len(line) + 1
