"""The shell of match: one event in, its findings out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from runtime.errors import Rejected
from runtime.log import Message, Received
from schemas.event import EventHeaders
from schemas.finding import Finding
from schemas.identity import compose
from schemas.topics import FINDINGS
from services.detect.match.core.engine import Engine
from services.detect.match.core.findings import finding


@dataclass(frozen=True, slots=True)
class Matcher:
    """Gives events to the engine."""

    engine: Engine

    def handle(self, received: Received, now: int) -> Sequence[Message]:  # noqa: ARG002 - every handler is given the time
        """Return the findings on the event ``received`` as messages; where no rule concerns its kind it is not decoded.

        Raises:
            Rejected: it is no event.
        """
        headers = _headers(received)
        if not self.engine.concerns(headers):
            return ()
        native = _native(headers.native(received.value))
        matches = self.engine.match(native, headers)
        return [_message(received.tenant, finding(received.tenant, match, native, headers)) for match in matches]


def _headers(received: Received) -> EventHeaders:
    try:
        return EventHeaders.from_headers(received.headers)
    except (KeyError, ValueError) as error:
        raise Rejected(f"no event: {error}") from error


def _native(raw: bytes) -> dict[str, Any]:
    try:
        native = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Rejected(f"the native object is no JSON: {error}") from error
    if not isinstance(native, dict):
        raise Rejected("the native object is no object")
    return native


def _message(tenant: str, found: Finding) -> Message:
    uid = found.finding_info.uid
    return Message(
        topic=FINDINGS.name,
        tenant=tenant,
        key=compose(tenant, uid),
        value=found.model_dump_json(exclude_none=True).encode(),
        headers={"uid": uid, "event": found.unmapped.stanch.event_uid},
    )
