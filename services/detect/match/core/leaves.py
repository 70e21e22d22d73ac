"""What each leaf asks of an event, as a predicate. A list asks for any of its elements; a field without value for none."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from operator import ge, gt, le, lt, ne
from typing import Final

from services.detect.match.core.patterns import compiled, fits
from services.detect.match.core.tree import (
    Cidr,
    Compare,
    Exists,
    Filled,
    How,
    Leaf,
    Reference,
    Regex,
    Text,
    TimePart,
    Wildcard,
)
from services.detect.match.core.view import ALL, View

Predicate = Callable[[View], bool]
_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {"lt": lt, "lte": le, "gt": gt, "gte": ge, "neq": ne}


def predicate(leaf: Leaf) -> Predicate:  # noqa: PLR0911 - one line per kind of leaf
    """Return the test that ``leaf`` describes."""
    if isinstance(leaf, Text):
        return _text(leaf)
    if isinstance(leaf, Wildcard):
        return _any_value(leaf.field, fits(leaf.pattern), cased=leaf.cased)
    if isinstance(leaf, Filled):
        return _any_value(leaf.field, bool, cased=True)
    if isinstance(leaf, Regex):
        return _any_value(leaf.field, compiled(leaf.pattern, leaf.flags), cased=True)
    if isinstance(leaf, Cidr):
        return _any_value(leaf.field, lambda text: _within(text, leaf), cased=True)
    if isinstance(leaf, Exists):
        return _exists(leaf)
    if isinstance(leaf, Reference):
        return _reference(leaf)
    if isinstance(leaf, Compare):
        return _compare(leaf)
    return _any_value(leaf.field, lambda text: _part(text, leaf) == leaf.number, cased=True)


def _any_value(field: str | None, test: Callable[[str], bool], *, cased: bool) -> Predicate:
    name = ALL if field is None else field
    if cased:
        return lambda view: any(test(text) for text in view.texts[name])
    return lambda view: any(test(text) for text in view.lowered[name])


def _text(leaf: Text) -> Predicate:
    if leaf.how is How.CONTAINS:
        return _contains(leaf)
    if leaf.how is How.EQUALS:
        return _equals(leaf)
    return _edge(leaf)


def _contains(leaf: Text) -> Predicate:
    name, needles, cased = ALL if leaf.field is None else leaf.field, leaf.needles, leaf.cased
    if len(needles) == 1:
        return _contains_one(name, needles[0], cased=cased)

    def test(view: View) -> bool:
        for text in view.texts[name] if cased else view.lowered[name]:
            for needle in needles:
                if needle in text:
                    return True
        return False

    return test


def _contains_one(name: str, needle: str, *, cased: bool) -> Predicate:
    def test(view: View) -> bool:
        for text in view.texts[name] if cased else view.lowered[name]:  # noqa: SIM110 - half the cost of any()
            if needle in text:
                return True
        return False

    return test


def _equals(leaf: Text) -> Predicate:
    name, needles, cased = ALL if leaf.field is None else leaf.field, frozenset(leaf.needles), leaf.cased

    def test(view: View) -> bool:
        for text in view.texts[name] if cased else view.lowered[name]:  # noqa: SIM110 - half the cost of any()
            if text in needles:
                return True
        return False

    return test


def _edge(leaf: Text) -> Predicate:
    name, needles, cased = ALL if leaf.field is None else leaf.field, leaf.needles, leaf.cased
    reach = str.startswith if leaf.how is How.STARTS else str.endswith

    def test(view: View) -> bool:
        for text in view.texts[name] if cased else view.lowered[name]:  # noqa: SIM110 - half the cost of any()
            if reach(text, needles):
                return True
        return False

    return test


def _exists(leaf: Exists) -> Predicate:
    name, wanted = leaf.field, leaf.wanted
    return lambda view: bool(view.texts[name]) is wanted


def _reference(leaf: Reference) -> Predicate:
    name, other, how = leaf.field, leaf.other, leaf.how
    reach: dict[How, Callable[[str, str], bool]] = {
        How.EQUALS: str.__eq__,
        How.STARTS: str.startswith,
        How.ENDS: str.endswith,
        How.CONTAINS: str.__contains__,
    }
    holds = reach[how]
    return lambda view: any(holds(text, part) for text in view.lowered[name] for part in view.lowered[other])


def _compare(leaf: Compare) -> Predicate:
    name, operator, number = leaf.field, _OPERATORS[leaf.operator], leaf.number

    def test(view: View) -> bool:
        numbers = (_number(text) for text in view.texts[name])
        return any(value is not None and operator(value, number) for value in numbers)

    return test


def _number(text: str) -> float | None:
    """Windows writes many numbers as ``0x3e7``."""
    try:
        return float(int(text, 16)) if text[:2] in {"0x", "0X"} else float(text)
    except (ValueError, OverflowError):
        return None


def _within(text: str, leaf: Cidr) -> bool:
    address = _address(text)
    return address is not None and address.version == leaf.network.version and address in leaf.network


@lru_cache(maxsize=65_536)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Windows writes an IPv4 peer as ``::ffff:192.0.2.1``: it is the IPv4 address."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _part(text: str, leaf: TimePart) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return utc.isocalendar().week if leaf.part == "week" else int(getattr(utc, leaf.part))
