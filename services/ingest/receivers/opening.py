"""Opening what recordings come in: plain files, zip, gzip, Zstandard, one inside the other, EVTX."""

import gzip
import lzma
import struct
import tempfile
import zipfile
import zlib
from calendar import timegm
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO, BinaryIO, Final

import zstandard

from services.ingest.receivers.scan import Data

_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_NESTED: Final = 4
_PIECE: Final = 16 * 1024
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, gzip.BadGzipFile, zstandard.ZstdError,
    RuntimeError, NotImplementedError, ValueError, OSError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opened:
    """The bytes of one recording, uncompressed. ``modified`` is epoch milliseconds; ``failure`` says why the rest is missing."""

    name: str
    data: Data
    modified: int
    failure: str = ""


def opened(path: Path, name: str) -> Iterator[Opened]:
    """Yield the recordings in the file at ``path``; one that cannot be uncompressed yields what could be, and the reason.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        yield from _unpacked(file, name, int(path.stat().st_mtime) * 1000, _NESTED)


def _unpacked(file: BinaryIO, name: str, modified: int, nested: int) -> Iterator[Opened]:
    magic = file.read(4)
    file.seek(0)
    if nested and magic == _ZIP:
        yield from _members(file, name, modified, nested)
    elif nested and magic[:2] == _GZIP:
        yield from _spooled(gzip.GzipFile(fileobj=file), name, modified, nested)  # type: ignore[arg-type]  # it reads bytes
    elif nested and magic == _ZSTD:
        yield from _spooled(
            zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True), name, modified, nested
        )
    else:
        with _mapped(file) as data:
            yield Opened(name, data, modified)


def _members(file: BinaryIO, name: str, modified: int, nested: int) -> Iterator[Opened]:
    try:
        archive = zipfile.ZipFile(file)
    except _BROKEN as error:
        yield _unreadable(file, name, modified, error)
        return
    with archive:
        for member in archive.infolist():
            if member.is_dir() or _is_hidden(member.filename):
                continue
            inner = f"{name}/{member.filename}"
            try:
                content = archive.open(member)
            except _BROKEN as error:
                yield _unreadable(file, inner, modified, error)
                continue
            with content:
                yield from _spooled(content, inner, _changed(member, modified), nested)


def _spooled(content: IO[bytes], name: str, modified: int, nested: int) -> Iterator[Opened]:
    """Uncompress into a temporary file, so that an input larger than the memory can be walked through."""
    failure = ""
    with tempfile.TemporaryFile() as file:
        try:
            _copy(content, file)
        except _BROKEN as error:
            failure = f"{type(error).__name__}: {error}"
        file.seek(0)
        if failure:
            with _mapped(file) as data:
                yield Opened(name, data, modified, failure)
        else:
            yield from _unpacked(file, name, modified, nested - 1)


def _copy(content: IO[bytes], file: IO[bytes]) -> None:
    """Copy piece by piece: where the rest is broken, what came before is kept, which a read of a full buffer would lose."""
    read: Callable[[int], bytes] = content.read1  # type: ignore[attr-defined]  # each of the three has it
    while piece := read(_PIECE):
        file.write(piece)


def _changed(member: zipfile.ZipInfo, otherwise: int) -> int:
    """Return the member's own time; many programs write none, which reads as the month 0."""
    try:
        return timegm((*member.date_time, 0, 0, 0)) * 1000
    except ValueError:
        return otherwise


def _unreadable(file: BinaryIO, name: str, modified: int, error: BaseException) -> Opened:
    file.seek(0)
    return Opened(name, b"", modified, f"{type(error).__name__}: {error}")


@contextmanager
def _mapped(file: BinaryIO) -> Iterator[Data]:
    file.seek(0, 2)
    if file.tell() == 0:
        yield b""
        return
    with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        yield data


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
