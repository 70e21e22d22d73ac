"""How the tests of match say a rule and an event in a few words."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import yaml

from schemas.event import EventHeaders, LogSource
from services.detect.match.core.compile import Compiled, compile_rules
from services.detect.match.core.engine import Engine, Match
from services.detect.match.core.parse import parse
from services.detect.match.core.route import Kind
from services.detect.match.core.translate import Placeholders
from services.detect.match.fast.engine import FastEngine

UID = "5b1d6f0a-0000-4000-8000-000000000001"


def headers(kind: str = "", product: str = "test", category: str = "", service: str = "") -> EventHeaders:
    """The headers of an event of that kind."""
    return EventHeaders("event-1", "tests", LogSource(product, category, service), kind, 1_000, 0, 0)


def rule_text(detection: object, logsource: Mapping[str, str] | None = None, **keys: object) -> str:
    """A Sigma rule as text."""
    document = {"title": "T", "id": UID, "logsource": logsource or {"product": "test"}, "detection": detection, **keys}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def compiled(*texts: str, placeholders: Placeholders | None = None) -> Compiled:
    """What comes of rule files with these texts."""
    parsed = parse("rule1.yml", texts[0])
    for number, text in enumerate(texts[1:], 2):
        parsed.add(parse(f"rule{number}.yml", text))
    return compile_rules(parsed, placeholders or {}, {})


def engine(*texts: str, placeholders: Placeholders | None = None) -> Engine:
    """An engine with these rules, all of them sound."""
    result = compiled(*texts, placeholders=placeholders)
    assert not result.problems, [str(problem) for problem in result.problems]
    return Engine(result.rules)


def selection(item: Mapping[str, Any] | Sequence[Any]) -> str:
    """A rule with one search."""
    return rule_text({"sel": item, "condition": "sel"})


def matches(text: str, event: Mapping[str, Any], placeholders: Placeholders | None = None) -> tuple[Match, ...]:
    """What the rule says of the event, by either engine, and the fast one from bytes."""
    plain = engine(text, placeholders=placeholders)
    told = plain.match(event, headers())
    found = FastEngine(plain.rules, sample=0).search(Kind.of(headers()), [orjson.dumps(event)])
    assert (found[0].matches if found else ()) == told, "the engines differ"
    return told


def fires(text: str, event: Mapping[str, Any], placeholders: Placeholders | None = None) -> bool:
    """Whether the rule fires on the event."""
    return bool(matches(text, event, placeholders))
