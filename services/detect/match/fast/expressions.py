"""What a regular expression cannot be found without: runs of plain characters that every match has."""

import re
from collections.abc import Iterable, Iterator
from re import _constants as op  # type: ignore[attr-defined] # no library tells the parse of an expression but the standard one
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final

Runs = frozenset[str]
"""Texts of which a match has at least one."""

_OTHER_DIALECT: Final = ("[:", "\\Q")
"""RE2 reads these in a way of its own."""
_REPEATS: Final = frozenset({op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT})


def runs_of(pattern: str, flags: str = "") -> list[Runs]:
    """Return what must be there, each of it, in lower case; nothing where the expression says too little."""
    if any(sign in pattern for sign in _OTHER_DIALECT):
        return []
    try:
        return _required(parser.parse(f"(?{flags}){pattern}" if flags else pattern))
    except (re.error, RecursionError, OverflowError):
        return []


def _required(parsed: Iterable[tuple[Any, Any]]) -> list[Runs]:
    found: list[Runs] = []
    run: list[str] = []
    for kind, given in parsed:
        if (char := _character(kind, given)) is not None:
            run.append(char)
        elif kind is not op.AT:
            found += _closed(run)
            run = []
            found += _inside(kind, given)
    return [*found, *_closed(run)]


def _closed(run: list[str]) -> list[Runs]:
    return [frozenset(("".join(run).lower(),))] if run else []


def _character(kind: object, given: Any) -> str | None:  # noqa: ANN401 - the parse has no types
    """Return the only character that this can be, its case aside."""
    if kind is op.LITERAL:
        return chr(given)
    if kind is op.IN and all(each is op.LITERAL for each, _ in given):
        chars = {chr(code).lower() for _, code in given}
        return chars.pop() if len(chars) == 1 else None
    return None


def _inside(kind: object, given: Any) -> Iterator[Runs]:  # noqa: ANN401 - the parse has no types
    if kind is op.SUBPATTERN:
        yield from _required(given[-1])
    elif kind is op.ATOMIC_GROUP:
        yield from _required(given)
    elif kind in _REPEATS and given[0] >= 1:
        yield from _required(given[-1])
    elif kind is op.BRANCH:
        yield from _of_any([_required(branch) for branch in given[1]])


def _of_any(branches: list[list[Runs]]) -> Iterator[Runs]:
    """Of each branch the longest run: a match has that of one of them."""
    if all(branches):
        yield frozenset().union(*(max(runs, key=_shortest) for runs in branches))


def _shortest(runs: Runs) -> int:
    return min(map(len, runs))
