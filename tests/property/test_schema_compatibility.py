"""The gate's judgement against a validator's: what it lets pass is understood, and it refuses nothing that only widens."""

import copy
from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.compatibility import Comparison

NAMES = ("a", "b", "c")
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 8) | st.sampled_from(["", "x", "yy", "zzzz", 0.5]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(NAMES), below, max_size=3),
    max_leaves=8,
)
BOUNDS = st.integers(0, 3)


def bounded(kind: str, *names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=dict.fromkeys(names, BOUNDS))


LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([True, {}, {"type": "null"}, {"type": "boolean"}, {"$ref": "#/$defs/D"}]),
    bounded("string", "minLength", "maxLength"),
    bounded("integer", "minimum", "maximum", "exclusiveMinimum"),
    bounded("number", "minimum", "exclusiveMaximum"),
    st.builds(
        lambda values: {"enum": values},
        st.lists(st.sampled_from(["x", "yy", 1, None, True]), min_size=1, unique_by=repr),
    ),
    st.builds(lambda value: {"const": value}, st.sampled_from(["x", 1, False])),
)


def objects(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Closed objects and maps: an open object makes no promise about the names that it does not know."""
    return st.fixed_dictionaries(
        {
            "type": st.just("object"),
            "properties": st.dictionaries(st.sampled_from(NAMES), below, max_size=3),
            "required": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
            "additionalProperties": st.just(False) | below.filter(lambda node: isinstance(node, dict) and node),
        }
    )


SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        objects(below),
        st.fixed_dictionaries({"type": st.just("array"), "items": below}, optional={"maxItems": BOUNDS}),
        st.builds(lambda options: {"anyOf": options}, st.lists(below, min_size=1, max_size=3)),
        st.builds(lambda node: {"$ref": "#/$defs/D", "type": node}, st.sampled_from(["string", "object"])),
    ),
    max_leaves=6,
)
DOCUMENTS = st.builds(
    lambda node, definition: {"$defs": {"D": definition}, **(node if isinstance(node, dict) else {})},
    SCHEMAS,
    LEAVES.filter(lambda node: isinstance(node, dict) and "$ref" not in node),
)


@settings(max_examples=300, deadline=None)
@given(reader=DOCUMENTS, writer=DOCUMENTS, values=st.lists(VALUES, min_size=20, max_size=20))
def test_what_passes_the_gate_is_understood(reader: Any, writer: Any, values: list[Any]) -> None:
    assert misunderstood(reader, writer, values) == []


@settings(max_examples=300, deadline=None)
@given(reader=DOCUMENTS, data=st.data())
def test_what_was_narrowed_a_little_passes_only_where_it_is_understood(reader: Any, data: st.DataObject) -> None:
    """Close relatives: two unrelated schemas seldom pass at all."""
    writer = copy.deepcopy(reader)
    places: list[dict[str, Any]] = []
    collect(writer, places)
    place = data.draw(st.sampled_from(places))
    key = data.draw(st.sampled_from([*place, "type", "maxLength", "minimum", "required"]))
    place[key] = data.draw(CHANGES.get(key, BOUNDS))
    values = data.draw(st.lists(VALUES, min_size=10, max_size=10))
    assert misunderstood(reader, writer, values) == misunderstood(writer, reader, values) == []


@settings(max_examples=200, deadline=None)
@given(document=DOCUMENTS)
def test_nothing_breaks_itself(document: Any) -> None:
    assert Comparison(document, copy.deepcopy(document)).breaks() == ()
    assert Comparison(document, copy.deepcopy(document), must_ignore=True).breaks() == ()


def collect(node: Any, places: list[dict[str, Any]]) -> None:
    if isinstance(node, dict):
        places.append(node)
        below = [
            *node.get("properties", {}).values(),
            *node.get("anyOf", ()),
            node.get("items"),
            *node.get("$defs", {}).values(),
        ]
        for one in below:
            collect(one, places)


def misunderstood(reader: Any, writer: Any, values: list[Any]) -> list[Any]:
    """The values that the writer may write and the reader refuses, although the gate saw no break."""
    if Comparison(reader, writer).breaks():
        return []
    written, read = jsonschema_rs.validator_for(writer), jsonschema_rs.validator_for(reader)
    return [value for value in values if written.is_valid(value) and not read.is_valid(value)]


CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["string", "integer", "number", "object", "array", "null", ["string", "null"]]),
    "enum": st.lists(st.sampled_from(["x", 1, None]), min_size=1, unique_by=repr),
    "required": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
    "properties": st.dictionaries(st.sampled_from(NAMES), LEAVES, max_size=3),
    "additionalProperties": st.sampled_from([False, {"type": "string"}]),
    "anyOf": st.lists(LEAVES, min_size=1, max_size=3),
    "items": LEAVES,
    "$ref": st.just("#/$defs/D"),
    "$defs": st.just({"D": {"type": "string"}}),
    "const": st.sampled_from(["x", 1]),
}
