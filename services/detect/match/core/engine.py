"""Every rule on every event: the plain engine. It compiles a rule for a kind of event when the first such event comes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from schemas.event import EventHeaders
from schemas.taxonomy import Aliases, aliases_of
from services.detect.match.core.closures import closure, matched
from services.detect.match.core.leaves import Predicate
from services.detect.match.core.route import Kind, renames, routed
from services.detect.match.core.rule import Rule
from services.detect.match.core.tree import Node, renamed
from services.detect.match.core.view import View

MAX_KINDS: Final = 4096


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that fired, and by which fields of the event; keywords stand under `keywords`."""

    rule: Rule
    matched: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What an event led to: its native object, None where it is no JSON object, and what fired."""

    native: dict[str, Any] | None
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule compiled for a kind of event."""

    rule: Rule
    node: Node
    test: Predicate


def judged(candidates: Iterable[Ready], native: Mapping[str, Any], aliases: Aliases) -> tuple[Match, ...]:
    """Return which of the candidates fire on the event, in their order."""
    view = View(native, aliases)
    return tuple(Match(ready.rule, matched(ready.node, view)) for ready in candidates if ready.test(view))


def decoded(raw: bytes) -> dict[str, Any] | None:
    """Return the native object of an event; None where it is none."""
    try:
        native = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return native if isinstance(native, dict) else None


class Engine:
    """The rules, compiled as they are needed. Given the same rules, equal events give equal matches."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._routes: dict[Kind, tuple[Ready, ...]] = {}
        self._compiled: dict[tuple[str, str], Ready] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules that this engine runs."""
        return self._rules

    def concerns(self, headers: EventHeaders) -> bool:
        """Return whether any rule could fire on such an event; where none can, it need not be decoded."""
        return bool(self.route(Kind.of(headers)))

    def match(self, native: Mapping[str, Any], headers: EventHeaders) -> tuple[Match, ...]:
        """Return every rule that fires on the event, in the order in which the rules were given."""
        kind = Kind.of(headers)
        return judged(self.route(kind), native, kind_aliases(kind))

    def search(self, kind: Kind, events: Sequence[bytes]) -> Mapping[int, Found]:
        """Return what came of those events of one kind that rules fired on, or that cannot be decoded, by their place."""
        route = self.route(kind)
        if not route:
            return {}
        found, aliases = {}, kind_aliases(kind)
        for place, event in enumerate(events):
            native = decoded(event)
            one = Found(native) if native is None else Found(native, judged(route, native, aliases))
            if native is None or one.matches:
                found[place] = one
        return found

    def route(self, kind: Kind) -> tuple[Ready, ...]:
        """Return the rules that concern events of ``kind``, compiled."""
        route = self._routes.get(kind)
        if route is None:
            if len(self._routes) >= MAX_KINDS:
                self._routes.clear()
            route = tuple(self._ready(rule, kind) for rule in routed(self._rules, kind))
            self._routes[kind] = route
        return route

    def _ready(self, rule: Rule, kind: Kind) -> Ready:
        names = renames(rule.logsource, kind)
        key = (rule.uid, kind.name if names else "")
        ready = self._compiled.get(key)
        if ready is None:
            node = renamed(rule.node, names)
            ready = self._compiled[key] = Ready(rule, node, closure(node))
        return ready


def kind_aliases(kind: Kind) -> Aliases:
    """Return the other names of fields in events of ``kind``."""
    product = "windows" if kind.channel and not kind.logsource.product else kind.logsource.product
    return aliases_of(product, kind.logsource.category)
