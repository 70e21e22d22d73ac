"""Whether one JSON Schema understands another: is everything that is valid for the writer valid for the reader too?

Knows what our models produce: types, values, bounds, objects, arrays, alternatives, references within the document. A keyword
that it does not know must be the same on both sides: in doubt a change is a break.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Schema = Mapping[str, Any]
Node = Schema | bool

ANNOTATIONS: Final = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "discriminator", "$comment",
     "$schema", "$id", "$defs"}
)  # fmt: skip
_TYPES: Final = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
_LOWER: Final = {
    "minimum": "number", "exclusiveMinimum": "number", "minLength": "string", "minItems": "array", "minProperties": "object",
}  # fmt: skip
_UPPER: Final = {
    "maximum": "number", "exclusiveMaximum": "number", "maxLength": "string", "maxItems": "array", "maxProperties": "object",
}  # fmt: skip
_APPLICATORS: Final = frozenset({"patternProperties", "prefixItems", "unevaluatedProperties", "unevaluatedItems"})
_JUDGED: Final = frozenset(
    {"type", "enum", "const", "anyOf", "oneOf", "properties", "required", "additionalProperties", "propertyNames", "items",
     *_LOWER, *_UPPER}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that the reader would not understand; ``path`` is a place in the document."""

    path: str
    what: str


@dataclass(slots=True)
class Comparison:
    """``reader`` and ``writer`` are whole documents with their names.

    With ``must_ignore`` readers ignore properties that they do not know, but miss those that they do. Where the writer says
    nothing about further properties, it is taken not to write those that the reader has a name for.
    """

    reader: Schema
    writer: Schema
    reader_name: str = "the reader"
    writer_name: str = "the writer"
    must_ignore: bool = False
    _found: dict[tuple[int, int], list[Break]] = field(default_factory=dict)

    def breaks(self) -> Sequence[Break]:
        """Return everything that the reader would not understand, each once."""
        return tuple(dict.fromkeys(self._compare(self.reader, self.writer, "$")))

    def _compare(self, reader: Node, writer: Node, path: str) -> list[Break]:
        """Compare two places once: a pair that is met again, within itself, says nothing new."""
        pair = (id(reader), id(writer))
        if pair not in self._found:
            self._found[pair] = []
            self._found[pair] = list(self._alternatives(_open(reader, self.reader), _open(writer, self.writer), path))
        return self._found[pair]

    def _alternatives(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        """Every alternative of the writer must be one of the reader's."""
        written, read = _branches(writer, self.writer), _branches(reader, self.reader)
        for branch in written:
            attempts = [list(self._node(option, branch, path)) for option in read]
            yield from min(attempts, key=len)

    def _node(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        if writer.get("not") == {}:
            return
        if "anyOf" in writer or "oneOf" in writer or "anyOf" in reader or "oneOf" in reader:
            yield from self._alternatives(reader, writer, path)
            return
        yield from self._values(reader, writer, path)
        yield from self._types(reader, writer, path)
        yield from self._bounds(reader, writer, path)
        yield from self._others(reader, writer, path)
        if "object" in _types(writer) and "object" in _types(reader):
            yield from self._required(reader, writer, path)
            yield from self._properties(reader, writer, path)
            yield from self._additional(reader, writer, path)
        if "array" in _types(writer) and "array" in _types(reader):
            yield from self._compare(reader.get("items", True), writer.get("items", True), f"{path}[]")

    def _values(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        taken, written = _values(reader), _values(writer)
        if taken is None:
            return
        if written is None:
            yield Break(path, f"{self.reader_name} takes only certain values, {self.writer_name} may write others")
            return
        for value in written:
            if value not in taken:
                yield Break(
                    path, f"{self.reader_name} does not take the value {value}, which {self.writer_name} may write"
                )

    def _types(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        taken = _types(reader) | ({"integer"} if "number" in _types(reader) else set())
        if foreign := sorted(_types(writer) - taken):
            yield Break(path, f"{self.reader_name} does not take {_or(foreign)}, which {self.writer_name} may write")

    def _bounds(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        for name, kind in {**_LOWER, **_UPPER}.items():
            bound, other = reader.get(name), writer.get(name)
            if bound is None or not _types(writer) & {kind, "integer" if kind == "number" else kind}:
                continue
            if other is None or (other < bound if name in _LOWER else other > bound):
                told = "no bound" if other is None else other
                yield Break(path, f"{self.reader_name} wants {name} {bound}, {self.writer_name} has {told}")

    def _others(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        for name in sorted((reader.keys() - _JUDGED - ANNOTATIONS) | (writer.keys() & _APPLICATORS)):
            wanted, told = (json.dumps(side[name]) if name in side else "none" for side in (reader, writer))
            if wanted != told:
                yield Break(path, f"{self.reader_name} has {name} {wanted}, {self.writer_name} has {told}")

    def _required(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        for name in sorted({*reader.get("required", ())} - {*writer.get("required", ())}):
            yield Break(_below(path, name), f"{self.reader_name} requires it, {self.writer_name} may leave it out")

    def _properties(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        taken, written = reader.get("properties", {}), writer.get("properties", {})
        for name in sorted(written):
            if name in taken:
                yield from self._compare(taken[name], written[name], _below(path, name))
            elif not self.must_ignore and written[name] is not False:
                yield from self._unknown(reader, written[name], _below(path, name))
        rest = writer.get("additionalProperties", True)
        for name in sorted(taken.keys() - written.keys()):
            if self.must_ignore:
                yield Break(_below(path, name), f"{self.reader_name} knows it, {self.writer_name} does not write it")
            elif isinstance(rest, Mapping):
                yield from self._compare(taken[name], rest, _below(path, name))

    def _unknown(self, reader: Schema, written: Node, path: str) -> Iterator[Break]:
        rest = reader.get("additionalProperties", True)
        if rest is False:
            yield Break(path, f"{self.reader_name} does not know it, {self.writer_name} may write it")
        else:
            yield from self._compare(rest, written, path)

    def _additional(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        """Compare what properties without a name of their own may hold, and how they may be called."""
        taken, written = reader.get("additionalProperties", True), writer.get("additionalProperties", True)
        if written is False or (self.must_ignore and taken is False):
            return
        if taken is False:
            yield Break(path, f"{self.reader_name} takes no further properties, {self.writer_name} may write any")
            return
        yield from self._compare(taken, written, f"{path}.*")
        if "propertyNames" in reader:
            yield from self._compare(reader["propertyNames"], writer.get("propertyNames", True), f"{path}.*")


def _open(node: Node, document: Schema) -> Schema:
    """Return the node with its references followed; what stands beside a reference holds as well."""
    if isinstance(node, bool):
        return {} if node else {"not": {}}
    while "$ref" in node:
        target = _target(node["$ref"], document)
        node = _both(target, {name: value for name, value in node.items() if name != "$ref"})
    return node


def _both(one: Schema, other: Schema) -> Schema:
    """Return what holds where both do; where they speak of the same, it is left to be the same on both sides."""
    shared = [name for name in one.keys() & other.keys() - ANNOTATIONS if one[name] != other[name]]
    whole = {**one, **other}
    return {**whole, "allOf": [one, other, whole.get("allOf")]} if shared else whole


def _target(reference: str, document: Schema) -> Schema:
    found: Any = document
    for step in reference.removeprefix("#").split("/")[1:]:
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found  # type: ignore[no-any-return] # a reference leads to a schema


def _branches(node: Schema, document: Schema) -> Sequence[Schema]:
    """Return the alternatives, each with what holds for all of them."""
    for name in ("anyOf", "oneOf"):
        if name in node:
            around = {key: value for key, value in node.items() if key != name and key not in ANNOTATIONS}
            return [_both(around, _open(branch, document)) for branch in node[name]]
    return (node,)


def _types(node: Schema) -> frozenset[str]:
    declared = node.get("type")
    if declared is None:
        return _TYPES
    return frozenset({declared} if isinstance(declared, str) else declared)


def _values(node: Schema) -> Sequence[str] | None:
    """Return the values that are allowed, as JSON, where they are listed."""
    if "const" in node:
        return [json.dumps(node["const"], sort_keys=True)]
    return [json.dumps(value, sort_keys=True) for value in node["enum"]] if "enum" in node else None


def _below(path: str, name: str) -> str:
    return f"{path}.{name}"


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)
