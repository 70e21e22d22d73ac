"""``POST /v1/records``: records over HTTP. 202 means that the log has them."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from runtime.clock import Clock
from runtime.errors import Oversize, Rejected, Unavailable
from runtime.log import MAX_RECORD_BYTES, Log, Message
from schemas.tenant import Tenant
from schemas.times import MINUTE
from schemas.topics import records_of
from services.ingest.decoding import object_of
from services.ingest.labels import main_type, source_name
from services.ingest.ports import AUTO
from services.ingest.receivers.http_body import Refused, body_of, decompressed
from services.ingest.receivers.room import NoRoom, Place, Room
from services.ingest.receivers.split import Piece, split
from services.ingest.settings import HttpSettings
from services.ingest.unpacking import ENCODINGS

_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")
_TEXT: Final = "text/"
_WINDOW: Final = 10 * MINUTE


class RecordsDoor:
    """The door's own state: who may enter, and how many bytes are inside."""

    def __init__(self, log: Log, tenants: Mapping[str, Tenant], clock: Clock, settings: HttpSettings) -> None:
        self._log = log
        self._clock = clock
        self._settings = settings
        self._digests = {
            slug: _digest(tenant.token.get_secret_value())
            for slug, tenant in tenants.items()
            if tenant.token is not None
        }
        self._room = Room(settings.max_in_flight_bytes, self._digests)

    async def take(self, request: Request) -> JSONResponse:
        """Answer one request; nothing is acknowledged before the log has it, and a request is taken whole or not at all."""
        try:
            tenant = self._tenant(request.headers.get("authorization", ""))
            source = _source(request)
            with self._room.place(tenant, self._announced(request)) as place:
                count = await self._append(tenant, source, request, place)
        except Refused as refusal:
            return self._refusal(refusal)
        except NoRoom:
            return self._refusal(Refused(429, "too much is in flight"))
        except Oversize as error:
            return self._refusal(Refused(413, str(error)))
        except Unavailable as error:
            return self._refusal(Refused(429, f"the log takes nothing now: {error}"))
        return JSONResponse({"accepted": count}, 202)

    def _tenant(self, authorization: str) -> str:
        """Return the tenant whose token it is, in a time that does not tell which tokens come close."""
        scheme, _, token = authorization.partition(" ")
        presented = _digest(token.strip())
        matching = [slug for slug, digest in self._digests.items() if hmac.compare_digest(digest, presented)]
        if scheme.lower() != "bearer" or not matching:
            raise Refused(401, "send `Authorization: Bearer <token>` with the token of a tenant")
        return matching[0]

    def _announced(self, request: Request) -> int:
        """Return how many bytes the request says it has; one of unknown length counts as the largest allowed."""
        told = request.headers.get("content-length", "")
        size = int(told) if told.isascii() and told.isdigit() and len(told) < 12 else self._settings.max_body_bytes
        return min(size, self._settings.max_body_bytes)

    async def _append(self, tenant: str, source: str, request: Request, place: Place) -> int:
        settings = self._settings
        sent = await body_of(request, settings.max_body_bytes, settings.max_body_seconds)
        encoding = request.headers.get("content-encoding", "")
        content_type = main_type(request.headers.get("content-type", "application/json"))
        body = await asyncio.to_thread(decompressed, sent, encoding, settings.max_body_bytes)
        place.grow(len(body))
        is_text = content_type.startswith(_TEXT)
        pieces = await asyncio.to_thread(_pieces, body, settings.max_records, is_text=is_text)
        origin = _place(request.headers.get("idempotency-key"), body, self._clock.now())
        messages = [
            Message(
                records_of(tenant),
                tenant,
                source,
                piece.record,
                _headers(source, f"{origin}:{index}", content_type, piece),
            )
            for index, piece in enumerate(pieces)
        ]
        if messages:
            await self._log.append(messages)
        return len(messages)

    def _refusal(self, refusal: Refused) -> JSONResponse:
        content: dict[str, object] = {"error": refusal.reason}
        if refusal.record is not None:
            content["record"] = refusal.record
        headers = {}
        if refusal.status == 429:
            headers["Retry-After"] = str(self._settings.retry_after_seconds)
        if refusal.status == 415:
            headers["Accept-Encoding"] = ", ".join(ENCODINGS)
        if refusal.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(content, refusal.status, headers)


def router(log: Log, tenants: Mapping[str, Tenant], clock: Clock, settings: HttpSettings) -> APIRouter:
    """Return the routes of the door."""
    door = RecordsDoor(log, tenants, clock, settings)
    routes = APIRouter()
    routes.add_api_route("/v1/records", door.take, methods=["POST"], status_code=202, response_model=None)
    return routes


def _pieces(body: bytes, most: int, *, is_text: bool) -> Sequence[Piece]:
    """Return the records of a body.

    Raises:
        Refused: one is too large (413) or no JSON object (400), or there are too many of them or none.
    """
    pieces: list[Piece] = []
    for number, piece in enumerate(split(body), 1):
        if number > most:
            raise Refused(413, f"more than {most} records in one request")
        if len(piece.record) > MAX_RECORD_BYTES:
            raise Refused(413, f"a record is larger than {MAX_RECORD_BYTES} bytes", number)
        if not is_text and not piece.preamble:
            _check(piece.record, number)
        pieces.append(piece)
    if not pieces:
        raise Refused(400, "the body holds no record")
    return pieces


def _check(record: bytes, number: int) -> None:
    try:
        object_of(record)
    except Rejected as error:
        raise Refused(400, str(error), number) from error


def _source(request: Request) -> str:
    source = request.headers.get("x-stanch-source") or request.query_params.get("source") or AUTO
    try:
        return source_name(source)
    except Rejected as error:
        raise Refused(400, str(error)) from error


def _place(key: str | None, body: bytes, now: int) -> str:
    """Return what a shipper's retry shares with its first try: its own key, else the body's hash within ten minutes."""
    if key is None:
        return f"http:{hashlib.sha256(body).hexdigest()[:32]}:{now // _WINDOW}"
    if not _KEY.fullmatch(key):
        raise Refused(400, "an Idempotency-Key has up to 128 visible characters")
    return f"http-key:{len(key)}:{key}"


def _headers(source: str, position: str, content_type: str, piece: Piece) -> dict[str, str]:
    headers = {"source": source, "position": position, "content-type": content_type}
    return {**headers, "preamble": piece.preamble} if piece.preamble else headers


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
