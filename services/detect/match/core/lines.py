"""Which line of a rule file an error speaks of. Asked only when something is wrong."""

from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetectionItem
from yaml.constructor import SafeConstructor

from services.detect.match.core.patterns import POLICY

_OF_AN_ITEM = {"SigmaModifierError", "SigmaRegularExpressionError", "SigmaTypeError", "SigmaValueError"}
_KEYS = {"SigmaConditionError": ("detection", "condition"), "SigmaIdentifierError": ("id",)}
_MERGE = "tag:yaml.org,2002:merge"


def line_of(document: yaml.Node, path: Iterable[str]) -> int:
    """Return the line where ``path`` begins in ``document``, or the last part of it that is there."""
    line, node = document.start_mark.line + 1, document
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return int(line)


def line_of_error(document: yaml.Node, error: Exception) -> int:
    """Return the line that ``error`` of pySigma speaks of."""
    name = type(error).__name__
    if name in _OF_AN_ITEM:
        return _bad_item(document) or line_of(document, ("detection",))
    key = name.removeprefix("Sigma").removesuffix("Error").lower()
    return line_of(document, _KEYS.get(name, (key,)))


def repeated_key(document: yaml.Node) -> tuple[str, int] | None:
    """Return a key that stands twice in one mapping, and the line of the second; YAML parsers silently take one of them."""
    for mapping in _mappings(document):
        seen: set[str] = set()
        for key, _ in mapping.value:
            if key.tag != _MERGE and str(key.value) in seen:
                return str(key.value), int(key.start_mark.line) + 1
            seen.add(str(key.value))
    return None


def _child(node: yaml.Node, step: str) -> tuple[int, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    for key, value in node.value:
        if key.value == step:
            return key.start_mark.line + 1, value
    return None


def _bad_item(document: yaml.Node) -> int | None:
    """The first item of a search that pySigma does not take by itself."""
    found = _child(document, "detection") or _child(document, "filter")
    for mapping in _mappings(found[1]) if found else ():
        for key, value in mapping.value:
            if not _is_sound(str(key.value), SafeConstructor().construct_document(value)):
                return int(key.start_mark.line) + 1
    return None


def _is_sound(key: str, value: Any) -> bool:  # noqa: ANN401 - whatever YAML holds
    if "|" not in key:
        return True
    try:
        SigmaDetectionItem.from_mapping(key, value, policy=POLICY)
    except SigmaError:
        return False
    return True


def _mappings(document: yaml.Node) -> Iterator[yaml.MappingNode]:
    stack, seen = [document], set()
    while stack:
        node = stack.pop(0)
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            stack.extend(value for _, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            stack.extend(node.value)
