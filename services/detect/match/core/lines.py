"""Which line of a rule file an error speaks of. Asked only when something is wrong."""

from collections.abc import Iterable
from typing import Any

import yaml
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetectionItem
from yaml.constructor import SafeConstructor

_KEYS = {
    "SigmaLogsourceError": ("logsource",),
    "SigmaConditionError": ("detection", "condition"),
    "SigmaIdentifierError": ("id",),
}


def line_of(text: str, index: int, path: Iterable[str]) -> int:
    """Return the line where ``path`` begins in the document number ``index``, or the last part of it that is there."""
    node = _document(text, index)
    line = 1 if node is None else node.start_mark.line + 1
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def line_of_error(text: str, index: int, error: Exception) -> int:
    """Return the line that ``error`` of pySigma speaks of."""
    name = type(error).__name__
    if name in {"SigmaModifierError", "SigmaRegularExpressionError", "SigmaTypeError", "SigmaValueError"}:
        return _bad_item(_document(text, index)) or line_of(text, index, ("detection",))
    key = name.removeprefix("Sigma").removesuffix("Error").lower()
    return line_of(text, index, _KEYS.get(name, (key,)))


def line_of_yaml(error: yaml.YAMLError, text: str) -> int:
    """Return the line on which YAML stopped, or of the second of two equal keys."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return int(mark.line) + 1
    return _repeated_key(text)


def _document(text: str, index: int) -> yaml.Node | None:
    for number, node in enumerate(_composed(text)):
        if number == index:
            return node
    return None


def _composed(text: str) -> list[yaml.Node]:
    try:
        return list(yaml.compose_all(text, yaml.CSafeLoader))
    except yaml.YAMLError:
        return []


def _child(node: yaml.Node | None, step: str) -> tuple[int, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    for key, value in node.value:
        if key.value == step:
            return key.start_mark.line + 1, value
    return None


def _bad_item(document: yaml.Node | None) -> int | None:
    """The first item of a search that pySigma does not take by itself."""
    found = _child(document, "detection")
    for key, value in _items(found[1] if found else None):
        if "|" in key.value and not _is_sound(key.value, SafeConstructor().construct_document(value)):
            return int(key.start_mark.line) + 1
    return None


def _items(node: yaml.Node | None) -> Iterable[tuple[yaml.Node, yaml.Node]]:
    stack = [node]
    while stack:
        here = stack.pop(0)
        if isinstance(here, yaml.MappingNode):
            for key, value in here.value:
                yield key, value
                stack.append(value)
        elif isinstance(here, yaml.SequenceNode):
            stack.extend(here.value)


def _is_sound(key: str, value: Any) -> bool:  # noqa: ANN401 - whatever YAML holds
    try:
        SigmaDetectionItem.from_mapping(key, value)
    except SigmaError:
        return False
    return True


def _repeated_key(text: str) -> int:
    stack: list[yaml.Node] = _composed(text)
    while stack:
        here = stack.pop(0)
        if isinstance(here, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in here.value:
                if key.value in seen:
                    return int(key.start_mark.line) + 1
                seen.add(str(key.value))
                stack.append(value)
        elif isinstance(here, yaml.SequenceNode):
            stack.extend(here.value)
    return 1
