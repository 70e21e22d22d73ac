"""One YAML file as plain data, with the line of everything in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Location = tuple[str | int, ...]

_MOST_NODES = 200_000
_CORE = "tag:yaml.org,2002:"


class Problem(NamedTuple):
    """One error: what is wrong, and the cure. What comes from no file has line 0."""

    source: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.text}" if self.line else f"{self.source}: {self.text}"


@dataclass(frozen=True, slots=True)
class Document:
    """One file: plain data, and the line (from 1) of each key or item by its location.

    ``overridden`` names the environment variable that was put over a location.
    """

    source: str
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    overridden: dict[Location, str] = field(default_factory=dict)

    def line(self, location: Sequence[str | int]) -> int:
        """Return the line of ``location``, or of the nearest thing around it that the file has."""
        found: Location = ()
        for step in location:
            if (*found, step) in self.lines:
                found = (*found, step)
        return self.lines.get(found, 1)

    def problem(self, location: Sequence[str | int], text: str) -> Problem:
        """Return ``text`` as a problem of the line of ``location``, or of the variable that was put over it."""
        for length in range(len(location), 0, -1):
            if variable := self.overridden.get(tuple(location[:length])):
                return Problem("environment", 0, f"{variable}: {text}")
        return Problem(self.source, self.line(location), text)


def parse(text: str, source: str) -> tuple[Document, list[Problem]]:
    """Return the document and what is wrong with it as YAML."""
    document = Document(source)
    try:
        root = YAML(typ="rt").compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(part) for part in (error.context, error.problem) if part)
        return document, [Problem(source, mark.line + 1 if mark else 1, f"this is no YAML: {what}")]
    except YAMLError as error:
        return document, [Problem(source, 1, f"this is no YAML: {error}")]
    return _built(document, root)


def _built(document: Document, root: Node | None) -> tuple[Document, list[Problem]]:
    builder = _Builder(document)
    if root is None:
        return document, []
    data = builder.build(root, (), ())
    if isinstance(data, dict):
        document.data.update(data)
    else:
        builder.add(root, "the file must hold keys and values, `name: value`")
    return document, builder.problems


class _Builder:
    """Turns nodes into plain data; no tag can build anything else."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._count = 0
        self.problems: list[Problem] = []

    def add(self, node: Node, text: str) -> None:
        self.problems.append(Problem(self._document.source, node.start_mark.line + 1, text))

    def build(self, node: Node, at: Location, above: tuple[int, ...]) -> object:
        self._document.lines.setdefault(at, node.start_mark.line + 1)
        self._count += 1
        if id(node) in above or self._count > _MOST_NODES:
            if self._count <= _MOST_NODES + 1:
                self.add(node, "an alias repeats what it stands in, or too much; write it out")
            return None
        above = (*above, id(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, at, above)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*at, index), above) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, at: Location, above: tuple[int, ...]) -> dict[str, object]:
        built: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.add(key_node, "a key must be a plain word")
                continue
            key = key_node.value
            if key in built:
                first = self._document.lines[(*at, key)]
                self.add(key_node, f"the key {key!r} stands here for the second time (first on line {first}); keep one")
                continue
            self._document.lines[(*at, key)] = key_node.start_mark.line + 1
            built[key] = self.build(value_node, (*at, key), above)
        return built

    def _scalar(self, node: Node) -> object:
        kind = str(node.tag or "").removeprefix(_CORE)
        convert = _SCALARS.get(kind)
        if convert is None:
            self.add(node, f"the tag {node.tag} is not taken; write plain YAML")
            return None
        try:
            return convert(node.value)
        except ValueError:
            return node.value


def _integer(text: str) -> int:
    return int(text.replace("_", ""), 0) if text.lower().startswith(("0x", "0o")) else int(text.replace("_", ""))


def _number(text: str) -> float:
    return float(text.replace(".inf", "inf").replace(".nan", "nan").replace("_", ""))


_SCALARS: dict[str, Callable[[str], object]] = {
    "str": str,
    "int": _integer,
    "float": _number,
    "bool": lambda text: text.lower() == "true",
    "null": lambda _: None,
    "timestamp": str,  # instants are text here; whoever wants one parses it
    "merge": str,
}
