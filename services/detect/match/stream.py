"""The shell of match: one event in, its findings out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from runtime.events import headers_of, native_object
from runtime.log import Message, Received
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
        headers, measures = headers_of(received), self.meter.passed(now)
        if not self.engine.concerns(headers):
            return measures
        native = native_object(headers.native(received.value))
        matches = self.engine.match(native, headers)
        for match in matches:
            self.meter.count(received.tenant, match.rule.uid, now)
        found = (finding(received.tenant, match, native, headers) for match in matches)
        return [*(_message(received.tenant, one) for one in found), *measures]


def _message(tenant: str, found: Finding) -> Message:
    uid = found.finding_info.uid
    return Message(
        topic=FINDINGS.name,
        tenant=tenant,
        key=compose(tenant, uid),
        value=found.model_dump_json(exclude_none=True).encode(),
        headers={"uid": uid, "event": found.unmapped.stanch.event_uid},
    )
