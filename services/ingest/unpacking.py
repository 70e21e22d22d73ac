"""Unpacking gzip and Zstandard: bounded while it is done, so that a bomb is refused and never inflated."""

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

import zstandard

from runtime.errors import Oversize, Rejected

ENCODINGS: Final = ("gzip", "zstd", "identity")
"""What is known, as clients are told; ``x-gzip`` and no name at all are taken too."""

_GZIP: Final = frozenset({"gzip", "x-gzip"})
_NONE: Final = frozenset({"", "identity"})
_GZIP_BITS: Final = 31
_PIECE: Final = 64 * 1024
_MEMBERS: Final = 10_000  # each costs a start, however little it holds
_WINDOW: Final = 8 * 1024 * 1024
_SKIPPABLE: Final = 0x184D2A50
_RLE: Final = 1


class UnknownEncoding(Rejected):
    """Nobody here unpacks that."""


def encoding_of(name: str) -> str:
    """Return the encoding that ``name`` means, empty where nothing is packed.

    Raises:
        UnknownEncoding: it is none that we know.
    """
    encoding = name.strip().lower()
    if encoding in _NONE:
        return ""
    if encoding in _GZIP:
        return "gzip"
    if encoding != "zstd":
        raise UnknownEncoding(f"content-encoding {encoding[:40]!r} is not known; known are {', '.join(ENCODINGS)}")
    return encoding


def unpacked(body: bytes, name: str, limit: int) -> bytes:
    """Return what ``body`` is when unpacked, at most ``limit`` bytes of it.

    Raises:
        UnknownEncoding: ``name`` is no encoding that we know.
        Oversize: it is larger when unpacked; no more than the limit was.
        Rejected: it is damaged, or ends too early.
    """
    encoding = encoding_of(name)
    try:
        content = _gunzipped(body, limit + 1) if encoding == "gzip" else body
        content = _unzstd(body, limit + 1) if encoding == "zstd" else content
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise Rejected(f"no valid {encoding}: {error}") from error
    if len(content) > limit:
        raise Oversize(f"larger than {limit} bytes when unpacked")
    return content


def _gunzipped(body: bytes, most: int) -> bytes:
    return b"".join(_members(memoryview(body), most))


def _members(body: memoryview, left: int) -> Iterator[bytes]:
    """Yield the content of every member, ``left`` bytes together; fed in pieces, since a member's rest is copied."""
    position = 0
    for _ in range(_MEMBERS):
        if position >= len(body) or left <= 0:
            return
        member = zlib.decompressobj(_GZIP_BITS)
        while not member.eof and left > 0:
            fed = member.unconsumed_tail or body[position : position + _PIECE]
            if not fed:
                raise EOFError("it ends too early")
            position += 0 if member.unconsumed_tail else len(fed)
            part = member.decompress(fed, left)
            left -= len(part)
            yield part
        position -= len(member.unused_data)
    if position < len(body) and left > 0:
        raise EOFError(f"it has more than {_MEMBERS} members")


def _unzstd(body: bytes, most: int) -> bytes:
    _check_frames(memoryview(body))
    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(BytesIO(body), read_across_frames=True)
    return reader.read(most)


def _check_frames(body: memoryview) -> None:
    """Walk from frame to frame, unpacking nothing: the library takes what ends too early for the end.

    Raises:
        EOFError: it ends within a frame, or has too many of them.
        zstandard.ZstdError: no frame begins where one should.
    """
    position = 0
    for _ in range(_MEMBERS):
        if position >= len(body):
            break
        position = _frame_end(body, position)
    if position < len(body):
        raise EOFError(f"it has more than {_MEMBERS} frames")
    if position > len(body):
        raise EOFError("it ends too early")


def _frame_end(body: memoryview, position: int) -> int:
    """Return where the frame at ``position`` ends, RFC 8878 section 3.1; past the end where it is cut short."""
    if _number(body, position, 4) & 0xFFFFFFF0 == _SKIPPABLE:
        return position + 8 + _number(body, position + 4, 4)
    frame = bytes(body[position : position + 18])
    has_checksum = zstandard.get_frame_parameters(frame).has_checksum
    position += zstandard.frame_header_size(frame)
    is_last = False
    while not is_last and position < len(body):
        block = _number(body, position, 3)
        is_last = bool(block & 1)
        position += 3 + (1 if block >> 1 & 3 == _RLE else block >> 3)
    return position + 4 * has_checksum if is_last else len(body) + 1


def _number(body: memoryview, position: int, length: int) -> int:
    return int.from_bytes(body[position : position + length], "little")
