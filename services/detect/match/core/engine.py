"""Every rule on every event: the plain engine. It compiles a rule for a kind of event when the first such event comes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

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
class _Ready:
    rule: Rule
    node: Node
    test: Predicate


class Engine:
    """The rules, compiled as they are needed. Given the same rules, equal events give equal matches."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._routes: dict[Kind, tuple[_Ready, ...]] = {}
        self._compiled: dict[tuple[str, str], _Ready] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules that this engine runs."""
        return self._rules

    def concerns(self, headers: EventHeaders) -> bool:
        """Return whether any rule could fire on such an event; where none can, it need not be decoded."""
        return bool(self._route(Kind.of(headers)))

    def match(self, native: Mapping[str, Any], headers: EventHeaders) -> tuple[Match, ...]:
        """Return every rule that fires on the event, in the order in which the rules were given."""
        kind = Kind.of(headers)
        view = View(native, _aliases(kind))
        fired = [ready for ready in self._route(kind) if ready.test(view)]
        return tuple(Match(ready.rule, matched(ready.node, view)) for ready in fired)

    def _route(self, kind: Kind) -> tuple[_Ready, ...]:
        route = self._routes.get(kind)
        if route is None:
            if len(self._routes) >= MAX_KINDS:
                self._routes.clear()
            route = tuple(self._ready(rule, kind) for rule in routed(self._rules, kind))
            self._routes[kind] = route
        return route

    def _ready(self, rule: Rule, kind: Kind) -> _Ready:
        names = renames(rule.logsource, kind)
        key = (rule.uid, kind.name if names else "")
        ready = self._compiled.get(key)
        if ready is None:
            node = renamed(rule.node, names)
            ready = self._compiled[key] = _Ready(rule, node, closure(node))
        return ready


def _aliases(kind: Kind) -> Aliases:
    product = "windows" if kind.channel and not kind.logsource.product else kind.logsource.product
    return aliases_of(product, kind.logsource.category)
