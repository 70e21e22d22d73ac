"""What holds for every rule and every event."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.detect.match.core.engine import Engine
from services.detect.match.core.patterns import escaped, fits
from services.detect.match.core.view import View
from tests.unit.match.sigma_rules import compiled, engine, headers, rule_text, selection

_FIELDS = ("EventID", "a", "b.c")
_TEXT = st.text(st.sampled_from("aAbB*?\\.x1 \n"), max_size=6)
_SCALARS: st.SearchStrategy[Any] = st.one_of(_TEXT, st.integers(0, 3), st.booleans(), st.none())
_VALUES: st.SearchStrategy[Any] = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=3))
_EVENTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"EventID": st.integers(0, 3), "a": _VALUES, "b": st.fixed_dictionaries({}, optional={"c": _VALUES})}
)
_ITEMS: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(st.sampled_from(_FIELDS), _SCALARS),
    st.tuples(st.just("EventID"), st.integers(0, 3)),
    st.tuples(
        st.sampled_from([f"{name}|{how}" for name in _FIELDS for how in ("contains", "startswith", "endswith")]), _TEXT
    ),
    st.tuples(st.sampled_from([f"{name}|exists" for name in _FIELDS]), st.booleans()),
)
_SEARCHES = st.dictionaries(st.sampled_from(_FIELDS), _SCALARS, min_size=1, max_size=2) | _ITEMS.map(
    lambda item: dict([item])
)
_CONDITIONS = st.sampled_from(
    ["x", "not x", "x and y", "x or y", "x and not y", "not (x or y)", "1 of them", "all of them", "x or (y and not z)"]
)


@st.composite
def _rules(draw: st.DrawFn) -> str:
    detection = {name: draw(_SEARCHES) for name in "xyz"}
    return rule_text({**detection, "condition": draw(_CONDITIONS)}, {"product": "windows"})


def _sigma_pattern(value: str) -> str:
    """A second reading of Sigma's escapes and wildcards, as the specification words them."""
    out, rest = "", value
    while rest:
        if rest[0] == "\\" and rest[1:2] in {"\\", "*", "?"}:
            out, rest = out + re.escape(rest[1]), rest[2:]
        else:
            out, rest = out + {"*": ".*", "?": "."}.get(rest[0], re.escape(rest[0])), rest[1:]
    return out


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reference(value: str, texts: list[str]) -> bool:
    """Whether ``value`` as a whole fits one of the texts; ``*`` alone asks for something."""
    flags = re.IGNORECASE | re.DOTALL
    if value and set(value) == {"*"}:
        return any(texts)
    return any(re.fullmatch(_sigma_pattern(value), text, flags) for text in texts)


@settings(max_examples=400, deadline=None)
@given(_TEXT, _VALUES)
def test_a_value_means_what_a_second_reading_of_the_specification_says(value: str, given_value: Any) -> None:
    elements = given_value if isinstance(given_value, list) else [given_value]
    texts = [_text(element) for element in elements if element is not None]
    fired = bool(engine(selection({"a": value})).match({"a": given_value}, headers()))
    assert fired is _reference(value, texts)


@settings(max_examples=300, deadline=None)
@given(_rules(), _EVENTS)
def test_routing_by_event_id_loses_no_match(text: str, event: dict[str, Any]) -> None:
    kind = f"system/{event.get('EventID', 9)}"
    event = {"EventID": 9, **event}
    given_engine = engine(text)
    routed = given_engine.match(event, headers(kind, product="windows"))
    unrouted = given_engine.match(event, headers("", product="windows"))
    assert [match.rule.uid for match in routed] == [match.rule.uid for match in unrouted]


@settings(max_examples=300, deadline=None)
@given(_rules(), _EVENTS)
def test_case_does_not_count(text: str, event: dict[str, Any]) -> None:
    def swapped(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: swapped(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [swapped(inner) for inner in value]
        return value.swapcase() if isinstance(value, str) else value

    given_engine = engine(text)
    assert len(given_engine.match(event, headers(product="windows"))) == len(
        given_engine.match(swapped(event), headers(product="windows"))
    )


@settings(max_examples=200, deadline=None)
@given(_rules(), _EVENTS)
def test_not_is_the_opposite(text: str, event: dict[str, Any]) -> None:
    negated = re.sub(r"condition: '?(.*?)'?\n", r"condition: not (\1)\n", text)
    assert bool(engine(text).match(event, headers(product="windows"))) is not bool(
        engine(negated).match(event, headers(product="windows"))
    )


@settings(max_examples=200, deadline=None)
@given(_rules(), _EVENTS)
def test_what_is_told_as_matched_stands_in_the_event(text: str, event: dict[str, Any]) -> None:
    view = View(event, {})
    for match in engine(text).match(event, headers(product="windows")):
        for field, told in match.matched.items():
            assert set(told if isinstance(told, list) else [told]) <= set(view.texts[field])


@settings(max_examples=100, deadline=None)
@given(st.lists(_rules(), min_size=2, max_size=4), _EVENTS)
def test_rules_do_not_touch_each_other(texts: list[str], event: dict[str, Any]) -> None:
    named = [text.replace("000000000001", f"00000000001{number}") for number, text in enumerate(texts)]
    rules = compiled(*named).rules
    together = {match.rule.uid for match in Engine(rules).match(event, headers(product="windows"))}
    alone = {rule.uid for rule in rules if Engine([rule]).match(event, headers(product="windows"))}
    assert together == alone


@given(st.text())
def test_a_text_fits_itself_whatever_it_holds(text: str) -> None:
    assert fits(escaped(text))(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "EventID", "message"]), _JSON, max_size=4))
def test_no_event_makes_the_engine_fail(event: dict[str, Any]) -> None:
    _EVERYTHING.match(event, headers(product="windows"))


_EVERYTHING = engine(
    rule_text(
        {
            "x": {"a|re": "x+", "b|cidr": "10.0.0.0/8", "a|contains": "y"},
            "y": {"a|gt": 5, "b|fieldref": "a"},
            "z": {"message|hour": 3, "a.b": "*?*"},
            "w": ["evil*x", 5],
            "condition": "1 of them",
        },
        {"product": "windows"},
    )
)
