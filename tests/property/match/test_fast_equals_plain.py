"""The fast engine finds what the plain one finds, whatever bytes an event is written in.

For longer: ``STANCH_EXAMPLES=100000 pytest tests/property/match/test_fast_equals_plain.py --hypothesis-seed=N``.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from services.detect.match.core.route import Kind
from services.detect.match.fast.engine import FastEngine
from tests.unit.match.sigma_rules import UID, engine, headers, rule_text

EXAMPLES = int(os.environ.get("STANCH_EXAMPLES", "1500"))
KIND = Kind.of(headers())
WORDS = (
    "powershell", "mimikatz", "C:\\Windows\\", "\\temp\\a", "\\\\srv\\share", '"-enc"', "a/b", "{x}", "[net]", "a,b", "x:1", ":443",
    "1000", "1e3", "10.0.0.1", "true", "rue", "null", "\u212aill", "kill", "\u0130nf", "info", "mi\u017fs", "miss", "\u0131nfo", "stra\u00dfe",
    "\u00e9t\u00e9", "\x01b", "tab\there", "line\nfeed", "\U0001f600x", "\u200b",
)  # fmt: skip
FIELDS = ("a", "b", "c.d")
HOWS = ("", "|contains", "|startswith", "|endswith", "|re", "|re|i", "|contains|all", "|cased", "|contains|cased")

_WORDS = st.sampled_from(WORDS)
_TEXTS = st.lists(_WORDS | st.text(max_size=3), min_size=1, max_size=3).map("".join)
_VALUES: st.SearchStrategy[Any] = st.one_of(
    _TEXTS, _TEXTS.map(str.upper), _TEXTS.map(str.title), st.integers(-1000, 1000), st.sampled_from((1e3, 443.0, 0.1, 1e22, 1.5e-7)),
    st.booleans(), st.none(),
)  # fmt: skip
_NESTED: st.SearchStrategy[Any] = st.recursive(
    _VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.just("d"), inner, max_size=3), max_leaves=6
)  # fmt: skip
_EVENTS = st.dictionaries(st.sampled_from(("a", "b", "c")), _NESTED, min_size=1)


def _needle(word: str, how: str) -> str:
    """What a rule writes to ask for ``word``: in an expression its own signs are escaped."""
    special = "\\.+*?()|[]{}^$" if how.startswith("|re") else "\\*?"
    return "".join(f"\\{char}" if char in special else char for char in word)


@st.composite
def _items(draw: st.DrawFn) -> dict[str, Any]:
    field, how = draw(st.sampled_from(FIELDS)), draw(st.sampled_from(HOWS))
    words = draw(st.lists(_TEXTS, min_size=1, max_size=3))
    joint = (
        draw(st.sampled_from(("", "*", "?")))
        if not how.startswith("|re")
        else draw(st.sampled_from(("", ".*", "x?", "|")))
    )
    needles = [
        _needle(word, how) + joint + _needle(draw(_WORDS), how) if joint else _needle(word, how) for word in words
    ]
    return {field + how: needles if len(needles) > 1 else needles[0]}


@st.composite
def _rules(draw: st.DrawFn) -> str:
    detection: dict[str, Any] = {name: draw(_items()) for name in "xy"}
    detection["words"] = draw(st.lists(_TEXTS.map(lambda text: _needle(text, "")), min_size=1, max_size=2))
    condition = draw(st.sampled_from(("x", "words", "x or y", "x and y", "x and not y", "x or words", "all of them")))
    return rule_text({**detection, "condition": condition})


@st.composite
def _written(draw: st.DrawFn, event: dict[str, Any]) -> bytes:
    """The event as some shipper writes it: other escapes, blanks, a name twice."""
    escape = draw(st.sampled_from((_as_is, _every_character, _slashes)))
    blank = draw(st.sampled_from(("", "", " ", "\n\t")))
    text = _json(event, escape, blank)
    if draw(st.booleans()) and event:
        name = next(iter(event))
        text = (
            "{"
            + escape(orjson.dumps(name).decode())
            + ":"
            + _json(draw(_VALUES), escape, blank)
            + ","
            + text.lstrip("{")
        )
    return text.encode()


def _json(value: Any, escape: Callable[[str], str], blank: str) -> str:
    if isinstance(value, dict):
        members = (
            f"{escape(orjson.dumps(name).decode())}{blank}:{blank}{_json(one, escape, blank)}"
            for name, one in value.items()
        )
        return "{" + f",{blank}".join(members) + "}"
    if isinstance(value, list):
        return "[" + f"{blank},".join(_json(one, escape, blank) for one in value) + "]"
    return (
        escape(orjson.dumps(value).decode())
        if isinstance(value, str)
        else repr(value)
        if isinstance(value, float)
        else orjson.dumps(value).decode()
    )


def _as_is(text: str) -> str:
    return text


def _every_character(text: str) -> str:
    return '"' + "".join(f"\\u{ord(char):04x}" if ord(char) < 0x10000 else char for char in orjson.loads(text)) + '"'


def _slashes(text: str) -> str:
    return text.replace("/", "\\/")


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data(), st.lists(_rules(), min_size=1, max_size=3), st.lists(_EVENTS, min_size=1, max_size=4))
def test_generated_rules_on_generated_bytes(
    data: st.DataObject, texts: Sequence[str], events: Sequence[dict[str, Any]]
) -> None:
    given_engine = engine(*(text.replace(UID, f"{UID[:-4]}{number:04d}") for number, text in enumerate(texts)))
    raws = [data.draw(_written(event)) for event in events]
    fast = FastEngine(given_engine.rules, sample=0)
    assert dict(fast.search(KIND, raws)) == dict(given_engine.search(KIND, raws))


def test_an_event_that_is_too_deep_to_be_written_anew_is_judged_by_every_rule() -> None:
    given_engine = engine(rule_text({"sel": {"a|contains": "mimikatz"}, "condition": "sel"}))
    deep = b'{"a":"mimi\\u006batz","b":' + b"[" * 300 + b"]" * 300 + b"}"
    fast = FastEngine(given_engine.rules, sample=0)
    assert [one.matches for one in fast.search(KIND, [deep]).values()]
    assert dict(fast.search(KIND, [deep, b"{"])) == dict(given_engine.search(KIND, [deep]))
