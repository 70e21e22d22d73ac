"""What every engine of match can do."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from schemas.event import EventHeaders
from services.detect.match.core.engine import Found, Match
from services.detect.match.core.route import Kind
from services.detect.match.core.rule import Rule


class MatchEngine(Protocol):
    """Rules at work. Whatever the engine: equal rules and equal events, equal matches."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules that run."""
        ...

    def match(self, native: Mapping[str, Any], headers: EventHeaders) -> tuple[Match, ...]:
        """Return every rule that fires on one event, in the order in which the rules were given."""
        ...

    def search(self, kind: Kind, events: Sequence[bytes]) -> Mapping[int, Found]:
        """Return what came of those of ``events``, native objects of one kind, that rules fired on, by their place."""
        ...
