"""The shell of match: events in, their findings out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from runtime.errors import Rejected
from runtime.events import headers_of, native_object
from runtime.log import Message, Received
from schemas.event import EventHeaders, route_of
from schemas.identity import compose
from schemas.topics import FINDINGS
from services.detect.match.core.engine import Found
from services.detect.match.core.route import kind_of
from services.detect.match.core.writing import FindingWriter
from services.detect.match.meter import Meter
from services.detect.match.ports import MatchEngine

BATCH: Final = 2_000
"""Events that are taken at once: what one look for literals costs is shared by those of one kind."""

Outputs = list[Message] | Rejected
Route = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Matcher:
    """Gives events to the engine, those of one kind together."""

    engine: MatchEngine
    meter: Meter = field(default_factory=Meter)
    writer: FindingWriter = field(default_factory=FindingWriter)

    def handle(self, received: Received, now: int) -> Sequence[Message]:
        """Return the findings on one event, and the measures of seconds that have passed, as messages.

        Raises:
            Rejected: it is no event.
        """
        (outputs,) = self.handle_batch((received,), now)
        if isinstance(outputs, Rejected):
            raise outputs
        return outputs

    def handle_batch(self, batch: Sequence[Received], now: int) -> Sequence[Outputs]:
        """Return the same for each event of a batch, the measures with the first; ``Rejected`` for what is no event.

        Where no rule concerns an event, or its bytes rule all of them out, it is not decoded.
        """
        outputs: list[Outputs] = [[] for _ in batch]
        routes = _by_route(batch, outputs)
        told = self.meter.passed(now) if routes else []
        for route, members in routes.items():
            events = [event for _, event in members]
            for number, found in self.engine.search(kind_of(*route), events).items():
                place, event = members[number]
                outputs[place] = self._told(batch[place], event, found, now)
        first = next((one for one in outputs if isinstance(one, list)), [])
        first += told
        return outputs

    def _told(self, received: Received, event: bytes, found: Found, now: int) -> Outputs:
        try:
            headers = headers_of(received)
            native = native_object(event) if found.native is None else found.native
        except Rejected as error:
            return error
        for match in found.matches:
            self.meter.count(received.tenant, match.rule.uid, now)
        tenant, written = received.tenant, self.writer.written
        return [_message(tenant, headers, *written(tenant, match, native, headers)) for match in found.matches]


def _by_route(batch: Sequence[Received], outputs: list[Outputs]) -> Mapping[Route, Sequence[tuple[int, bytes]]]:
    """Return the places and native objects of the events by route; of what is no event say so in ``outputs``."""
    routes: dict[Route, list[tuple[int, bytes]]] = {}
    for place, received in enumerate(batch):
        try:
            route, where = route_of(received.headers)
        except (KeyError, ValueError) as error:
            outputs[place] = Rejected(f"no event: {error}")
            continue
        members = routes.get(route)
        if members is None:
            members = routes[route] = []
        members.append((place, received.value[where]))
    return routes


def _message(tenant: str, headers: EventHeaders, uid: str, value: bytes) -> Message:
    return Message(FINDINGS.name, tenant, compose(tenant, uid), value, {"uid": uid, "event": headers.uid})
