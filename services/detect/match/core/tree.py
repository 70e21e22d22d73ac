"""What a rule asks of an event, as a tree: boolean nodes over leaves, each leaf one test of one field.

A leaf whose field is None is a keyword: it asks all values of the event. Needles of a leaf that is not ``cased`` are lower
case already. The tree knows nothing of pySigma, and nothing of how it is evaluated.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

Operator = Literal["lt", "lte", "gt", "gte", "neq"]
Part = Literal["minute", "hour", "day", "week", "month", "year"]


class How(StrEnum):
    """How a needle lies in a value."""

    EQUALS = "equals"
    CONTAINS = "contains"
    STARTS = "starts"
    ENDS = "ends"


@dataclass(frozen=True, slots=True)
class Text:
    """One of ``needles`` lies in the value, ``how``."""

    field: str | None
    how: How
    needles: tuple[str, ...]
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Wildcard:
    """The whole value fits ``pattern``, an RE2 expression made from text and Sigma's ``*`` and ``?``."""

    field: str | None
    pattern: str
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """The value is not the empty string: ``*`` alone."""

    field: str | None


@dataclass(frozen=True, slots=True)
class Regex:
    """The expression is found in the value; its case counts unless ``flags`` say otherwise (a subset of `ims`)."""

    field: str | None
    pattern: str
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Cidr:
    """The value is an address within ``network``."""

    field: str
    network: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Exists:
    """The event has the field (``wanted``) or has it not; JSON's null is no value."""

    field: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """The value equals, starts with, ends with or contains the value of the field ``other``."""

    field: str
    other: str
    how: How = How.EQUALS


@dataclass(frozen=True, slots=True)
class Compare:
    """The value is a number, and less or greater than ``number``."""

    field: str
    operator: Operator
    number: float


@dataclass(frozen=True, slots=True)
class TimePart:
    """The value is a time whose ``part`` (UTC) is ``number``."""

    field: str
    part: Part
    number: int


Leaf = Text | Wildcard | Filled | Regex | Cidr | Exists | Reference | Compare | TimePart


@dataclass(frozen=True, slots=True)
class Both:
    """All of ``parts`` hold."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of ``parts`` holds."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``part`` does not hold."""

    part: "Node"


Node = Leaf | Both | Either | Not


def mapped(node: Node, change: Callable[[Leaf], Leaf]) -> Node:
    """Return the tree with every leaf changed."""
    if isinstance(node, Both | Either):
        return replace(node, parts=tuple(mapped(part, change) for part in node.parts))
    if isinstance(node, Not):
        return Not(mapped(node.part, change))
    return change(node)


def renamed(node: Node, names: dict[str, str]) -> Node:
    """Return the tree as it reads where fields have other names."""
    return mapped(node, lambda leaf: _renamed_leaf(leaf, names)) if names else node


def leaves_of(node: Node) -> Iterator[Leaf]:
    """Yield every leaf, from left to right."""
    if isinstance(node, Both | Either):
        for part in node.parts:
            yield from leaves_of(part)
    elif isinstance(node, Not):
        yield from leaves_of(node.part)
    else:
        yield node


def _renamed_leaf(leaf: Leaf, names: dict[str, str]) -> Leaf:
    if isinstance(leaf, Reference):
        return replace(leaf, field=names.get(leaf.field, leaf.field), other=names.get(leaf.other, leaf.other))
    if leaf.field is None or leaf.field not in names:
        return leaf
    return replace(leaf, field=names[leaf.field])
