"""From a tree to plain Python closures: the engine that stays as the oracle of every faster one."""

from collections.abc import Callable, Mapping
from typing import Any

from services.detect.match.core.leaves import Predicate, predicate
from services.detect.match.core.tree import Both, Cidr, Either, Exists, Leaf, Node, Not, Regex, Text, Wildcard
from services.detect.match.core.view import ALL, View

Explain = Callable[[View], Mapping[str, Any]]
MAX_SHOWN = 4096
MAX_VALUES = 16


def closure(node: Node) -> Predicate:
    """Return the predicate that ``node`` describes. Cheap parts are asked first; the answer does not depend on it."""
    if isinstance(node, Both):
        return _all(tuple(closure(part) for part in sorted(node.parts, key=_cost)))
    if isinstance(node, Either):
        return _any(tuple(closure(part) for part in sorted(node.parts, key=_cost)))
    if isinstance(node, Not):
        return _not(closure(node.part))
    return predicate(node)


def matched(node: Node, view: View) -> dict[str, Any]:
    """Return the fields by which an event that ``node`` holds for matched, with their values; keywords under `keywords`.

    Of many or long values the beginning: a finding must stay small, and the event itself is its evidence.
    """
    found: dict[str, Any] = {}
    for leaf in _true_leaves(node, view):
        if leaf.field is None:
            told = (*found.get("keywords", ()), *_holding(leaf, view))
            found["keywords"] = list(dict.fromkeys(told))[:MAX_VALUES]
        elif view.texts[leaf.field]:
            values = [text[:MAX_SHOWN] for text in view.texts[leaf.field][:MAX_VALUES]]
            found[leaf.field] = values[0] if len(values) == 1 else values
    return found


def _holding(keyword: Leaf, view: View) -> list[str]:
    """The values of the event that hold the keyword."""
    test = predicate(keyword)
    return [text[:MAX_SHOWN] for text in view.texts[ALL] if test(View({"": text}, {}))][:MAX_VALUES]


def _true_leaves(node: Node, view: View) -> list[Leaf]:
    if isinstance(node, Not):
        return []
    if isinstance(node, Both | Either):
        parts = node.parts if isinstance(node, Both) else [part for part in node.parts if closure(part)(view)]
        return [leaf for part in parts for leaf in _true_leaves(part, view)]
    return [node]


def _all(tests: tuple[Predicate, ...]) -> Predicate:
    if len(tests) == 2:
        first, second = tests
        return lambda view: first(view) and second(view)

    def test(view: View) -> bool:
        for part in tests:  # noqa: SIM110 - half the cost of all()
            if not part(view):
                return False
        return True

    return test


def _any(tests: tuple[Predicate, ...]) -> Predicate:
    if len(tests) == 2:
        first, second = tests
        return lambda view: first(view) or second(view)

    def test(view: View) -> bool:
        for part in tests:  # noqa: SIM110 - half the cost of any()
            if part(view):
                return True
        return False

    return test


def _not(part: Predicate) -> Predicate:
    return lambda view: not part(view)


def _cost(node: Node) -> float:
    if isinstance(node, Both | Either):
        return 1 + sum(_cost(part) for part in node.parts)
    if isinstance(node, Not):
        return 1 + _cost(node.part)
    if node.field is None or isinstance(node, Regex | Wildcard | Cidr):
        return 50
    if isinstance(node, Exists):
        return 1
    return len(node.needles) if isinstance(node, Text) and node.how == "contains" else 1
