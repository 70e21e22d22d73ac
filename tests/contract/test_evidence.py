"""Every rule on facts keeps its contract: its examples, and silence on what it cannot know."""

import random
from collections.abc import Iterable, Sequence

import pytest

from runtime.plugins import load_plugins
from schemas.fact import Fact, ProcessStarted, SessionOpened
from services.detect.correlate import evidence
from services.detect.correlate.core.engine import Engine
from services.detect.correlate.core.inventory import Inventory
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.ports import Evidence, Example

RULES = load_plugins(evidence, "EVIDENCE", Evidence)
EXAMPLES = [
    pytest.param(rule, example, id=f"{name}: {example.what}")
    for name, rule in RULES.items()
    for example in rule.examples
]


def nodes(view: View, facts: Iterable[Fact]) -> Iterable[Node]:
    """Every node that the facts can name."""
    for fact in facts:
        for reference in (getattr(fact, "process", None), getattr(fact, "parent", None), getattr(fact, "target", None)):
            if (
                reference is not None
                and not isinstance(reference, str)
                and (found := view.process(fact.host, reference, fact.time))
            ):
                yield found
        if getattr(fact, "session", ""):
            yield view.session(fact.host, getattr(fact, "session", ""))
        if getattr(fact, "name", ""):
            yield view.service(fact.host, f"{getattr(fact, 'form', 'service')}:{getattr(fact, 'name', '')}")
        client = getattr(fact, "client", "")
        if client and isinstance(client, str):
            yield view.principal("", client)
            yield view.principal(getattr(fact, "account", ""), client)


def said(rule: Evidence, facts: Sequence[Fact]) -> set[Observation]:
    engine = Engine(Inventory(), [rule])
    for fact in facts:
        engine.fact(fact)
    view = View(engine.store)
    return {seen for node in nodes(view, facts) for seen in rule.observe(view, node)}


def test_there_are_rules() -> None:
    assert len(RULES) >= 18


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_it_speaks_where_its_examples_say_so(rule: Evidence, example: Example) -> None:
    assert bool(said(rule, example.facts)) is example.speaks


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_it_says_the_same_in_any_order_of_arrival(rule: Evidence, example: Example) -> None:
    first = said(rule, example.facts)
    for seed in range(5):
        shuffled = list(example.facts)
        random.Random(seed).shuffle(shuffled)
        assert said(rule, shuffled) == first


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_what_is_told_twice_counts_once(rule: Evidence, example: Example) -> None:
    assert said(rule, [*example.facts, *example.facts]) == said(rule, example.facts)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_it_has_an_example_of_speech_and_one_of_silence(rule: Evidence) -> None:
    assert {example.speaks for example in rule.examples} == {True, False}


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_it_is_silent_on_what_nobody_told(rule: Evidence) -> None:
    view = View(Engine(Inventory(), [rule]).store)
    bare: list[Node] = [
        Process("process:X:1", "X"),
        view.session("X", "0x1"),
        view.service("X", "service:x"),
        view.principal("", "x"),
    ]
    assert not [seen for node in bare for seen in rule.observe(view, node)]


@pytest.mark.parametrize(
    ("rule", "example"),
    [param for param in EXAMPLES if isinstance(param.values[1], Example) and param.values[1].speaks],
)
def test_it_gives_its_reason_in_words(rule: Evidence, example: Example) -> None:
    for seen in said(rule, example.facts):
        assert seen.rule == rule.title
        assert len(seen.why.split()) >= 4
        assert seen.uid


def test_examples_hold_facts_of_several_kinds() -> None:
    kinds = {type(fact) for rule in RULES.values() for example in rule.examples for fact in example.facts}
    assert {ProcessStarted, SessionOpened} <= kinds
