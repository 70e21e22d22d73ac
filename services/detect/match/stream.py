"""The shell of match: one event in, its findings out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
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
from services.detect.match.meter import Meter


@dataclass(frozen=True, slots=True)
class Matcher:
    """Gives events to the engine."""

    engine: Engine
    meter: Meter = field(default_factory=Meter)

    def handle(self, received: Received, now: int) -> Sequence[Message]:
        """Return the findings on the event ``received``, and the measures of seconds that have passed, as messages.

        Where no rule concerns an event's kind it is not decoded.

        Raises:
            Rejected: it is no event.
        """
        headers, measures = _headers(received), self.meter.passed(now)
        if not self.engine.concerns(headers):
            return measures
        native = _native(headers.native(received.value))
        matches = self.engine.match(native, headers)
        for match in matches:
            self.meter.count(received.tenant, match.rule.uid, now)
        found = (finding(received.tenant, match, native, headers) for match in matches)
        return [*(_message(received.tenant, one) for one in found), *measures]


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
