"""What an event must contain for a rule to hold: of several sets of literals, each necessary, the one that is rarest."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.detect.match.core.tree import Both, Either, How, Leaf, Node, Not, Regex, Text, Wildcard
from services.detect.match.fast.expressions import runs_of
from services.detect.match.fast.pieces import Option, options_of

Cost = Callable[[bytes], float]

_TOKEN: Final = re.compile(r"\\x00|\\(.)|(\.\*)|(\.)|(.)", re.DOTALL)
"""One step of a Wildcard's pattern: an escaped character, `*`, `?`, a plain character."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Literals of which at least one is in every event that a node holds for, and how often one of them is anyway."""

    literals: Option
    cost: float


def witness(node: Node, cost: Cost) -> Witness | None:
    """Return the rarest witness of ``node``; None where it may hold for an event whatever bytes that has."""
    if isinstance(node, Both):
        return _rarest(filter(None, (witness(part, cost) for part in node.parts)))
    if isinstance(node, Either):
        return _united([witness(part, cost) for part in node.parts])
    if isinstance(node, Not):
        return None
    return _united([_rarest(_costed(options, cost)) for options in leaf_options(node)])


def literals_in(node: Node) -> Iterator[bytes]:
    """Yield every literal that some witness of ``node`` could be made of."""
    if isinstance(node, Both | Either):
        for part in node.parts:
            yield from literals_in(part)
    elif not isinstance(node, Not):
        for options in leaf_options(node):
            for option in options:
                yield from option


def leaf_options(leaf: Leaf) -> Sequence[Sequence[Option]]:
    """Return, per alternative of ``leaf``, the options of which each is necessary; an empty one where nothing is known."""
    if isinstance(leaf, Text):
        return [tuple(options_of(needle, leaf.how)) for needle in leaf.needles]
    if isinstance(leaf, Wildcard):
        return [tuple(_of_wildcard(leaf.pattern))]
    if isinstance(leaf, Regex):
        return [tuple(_of_regex(leaf))]
    return [()]


def _rarest(found: Iterable[Witness]) -> Witness | None:
    return min(found, key=lambda one: (one.cost, len(one.literals), sorted(one.literals)), default=None)


def _united(parts: Sequence[Witness | None]) -> Witness | None:
    found = [part for part in parts if part is not None]
    if not found or len(found) < len(parts):
        return None
    return Witness(frozenset().union(*(part.literals for part in found)), sum(part.cost for part in found))


def _costed(options: Iterable[Option], cost: Cost) -> Iterator[Witness]:
    for option in options:
        yield Witness(option, sum(map(cost, option)))


def _of_wildcard(pattern: str) -> Iterator[Option]:
    parts = _plain_parts(pattern)
    for place, part in enumerate(parts):
        starts, ends = place == 0, place == len(parts) - 1
        how = How.EQUALS if starts and ends else How.STARTS if starts else How.ENDS if ends else How.CONTAINS
        yield from options_of(part, how) if part else ()


def _plain_parts(pattern: str) -> list[str]:
    """Return the texts between the wildcards."""
    parts = [""]
    for escaped, star, single, plain in (found.groups() for found in _TOKEN.finditer(pattern)):
        if star or single:
            parts.append("")
        else:
            parts[-1] += escaped or plain or "\0"
    return parts


def _of_regex(leaf: Regex) -> Iterator[Option]:
    for runs in runs_of(leaf.pattern, leaf.flags):
        each = [tuple(options_of(run, How.CONTAINS)) for run in runs]
        if all(each):  # of each alternative the longest piece
            yield frozenset().union(*(max(options, key=_length) for options in each))


def _length(option: Option) -> int:
    return min(map(len, option))
