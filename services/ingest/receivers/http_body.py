"""Taking in the body of a request: bounded before and after decompression."""

import asyncio
import zlib
from io import BytesIO
from typing import Final

import zstandard
from fastapi import Request
from starlette.requests import ClientDisconnect

_GZIP_BITS: Final = 31
_ENCODINGS: Final = frozenset({"", "identity", "gzip", "x-gzip", "zstd"})
_WINDOW: Final = 8 * 1024 * 1024


class Refused(Exception):
    """The request cannot be taken; ``status`` is HTTP's, ``record`` counts from 1."""

    def __init__(self, status: int, reason: str, record: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.record = record


async def body_of(request: Request, limit: int, seconds: float) -> bytes:
    """Return the body as sent, at most ``limit`` bytes of it, which may take so many ``seconds`` to come.

    Raises:
        Refused: it is larger (413), slower (408), cut short (400), or encoded in a way that is not known (415).
    """
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise Refused(415, f"content-encoding {encoding!r} is not known; send gzip, zstd or none")
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told) > limit:
        raise Refused(413, f"the body is larger than {limit} bytes")
    try:
        async with asyncio.timeout(seconds):
            return await _received(request, limit)
    except TimeoutError as error:
        raise Refused(408, f"the body took more than {seconds:g} seconds; send less at a time") from error
    except ClientDisconnect as error:
        raise Refused(400, "the body ends before its end: the client hung up") from error


async def _received(request: Request, limit: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Refused(413, f"the body is larger than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def decompressed(body: bytes, encoding: str, limit: int) -> bytes:
    """Return what the body is when unpacked; a bomb is stopped at ``limit`` bytes.

    Raises:
        Refused: it is larger when unpacked (413), or damaged (400).
    """
    try:
        unpacked = _unpacked(body, encoding.strip().lower(), limit)
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise Refused(400, f"the body is no valid {encoding}: {error}") from error
    if len(unpacked) > limit:
        raise Refused(413, f"the body is larger than {limit} bytes when unpacked")
    return unpacked


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding in ("gzip", "x-gzip"):
        return _gunzipped(body, limit)
    if encoding == "zstd":
        reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
            BytesIO(body), read_across_frames=True
        )
        return reader.read(limit + 1)
    return body


def _gunzipped(body: bytes, limit: int) -> bytes:
    """Unpack every member of a gzip body, as long as they stay within the limit together."""
    parts, left = [], limit + 1
    while body and left > 0:
        member = zlib.decompressobj(_GZIP_BITS)
        part = member.decompress(body, left)
        parts.append(part)
        left -= len(part)
        if not member.eof and left > 0:
            raise EOFError("it ends too early")
        body = member.unused_data
    return b"".join(parts)
