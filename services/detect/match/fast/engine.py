"""The fast engine: the plain one, asked only about events and rules that the literals do not rule out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.event import EventHeaders
from schemas.taxonomy import Aliases
from services.detect.match.core.engine import MAX_KINDS, Engine, Found, Match, Ready, decoded, judged, kind_aliases
from services.detect.match.core.route import Kind
from services.detect.match.core.rule import Rule
from services.detect.match.fast.suspicion import Suspicion, learned

SAMPLE: Final = 256
"""The first events of a kind go the plain way; they are what the literals are chosen by."""


@dataclass(slots=True)
class _Route:
    rules: tuple[Ready, ...]
    aliases: Aliases
    sample: list[bytes] = field(default_factory=list)
    suspicion: Suspicion | None = None


class FastEngine:
    """Given the same rules it finds what the plain engine finds. ``sample`` events of a kind teach it."""

    def __init__(self, rules: Iterable[Rule], sample: int = SAMPLE) -> None:
        self._plain = Engine(rules)
        self._sample = sample
        self._routes: dict[Kind, _Route] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules that this engine runs."""
        return self._plain.rules

    def match(self, native: Mapping[str, Any], headers: EventHeaders) -> tuple[Match, ...]:
        """Return every rule that fires on the event, in the order in which the rules were given."""
        return self._plain.match(native, headers)

    def search(self, kind: Kind, events: Sequence[bytes]) -> Mapping[int, Found]:
        """Return what came of those events of one kind that rules fired on, by their place.

        An event that cannot be decoded is told of only where a rule might have fired on it.
        """
        route = self._route(kind)
        if not route.rules:
            return {}
        suspicion = route.suspicion or self._learn(route, events)
        return self._plain.search(kind, events) if suspicion is None else _search(route, suspicion, events)

    def _route(self, kind: Kind) -> _Route:
        route = self._routes.get(kind)
        if route is None:
            if len(self._routes) >= MAX_KINDS:
                self._routes.clear()
            route = self._routes[kind] = _Route(self._plain.route(kind), kind_aliases(kind))
        return route

    def _learn(self, route: _Route, events: Sequence[bytes]) -> Suspicion | None:
        """Choose the literals once enough events have been seen."""
        route.sample += events[: self._sample - len(route.sample)]
        if len(route.sample) < self._sample:
            return None
        route.suspicion, route.sample = learned([ready.node for ready in route.rules], route.sample), []
        return route.suspicion


def _search(route: _Route, suspicion: Suspicion, events: Sequence[bytes]) -> Mapping[int, Found]:
    found: dict[int, Found] = {}
    for place, numbers in suspicion.of(events).items():
        native = decoded(events[place])
        if native is None:
            found[place] = Found(None)
        elif matches := judged((route.rules[number] for number in sorted(numbers)), native, route.aliases):
            found[place] = Found(native, matches)
    return found
