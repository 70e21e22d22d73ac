"""Taking in the body of a request: bounded before and after decompression."""

import asyncio

from fastapi import Request
from starlette.requests import ClientDisconnect

from runtime.errors import Oversize, Rejected
from services.ingest.unpacking import UnknownEncoding, encoding_of, unpacked


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
    try:
        encoding_of(request.headers.get("content-encoding", ""))
    except UnknownEncoding as error:
        raise Refused(415, str(error)) from error
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
        return unpacked(body, encoding, limit)
    except Oversize as error:
        raise Refused(413, f"the body is {error}") from error
    except Rejected as error:
        raise Refused(400, f"the body is {error}") from error
