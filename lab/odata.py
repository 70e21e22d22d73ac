"""The part of OData's ``$filter`` that the products take: comparisons joined by ``and``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_LITERAL = r"(?:'(?P<text>(?:[^']|'')*)'|(?P<bare>[^\s')]+))"
_COMPARE = re.compile(rf"\s*(?P<field>[\w/]+)\s+(?P<how>eq|ne|ge|gt|le|lt)\s+{_LITERAL}\s*", re.IGNORECASE)
_CALL = re.compile(rf"\s*(?P<how>startswith|endswith)\(\s*(?P<field>[\w/]+)\s*,\s*{_LITERAL}\s*\)\s*", re.IGNORECASE)
_AND = re.compile(r"and\s+", re.IGNORECASE)
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison."""

    field: str
    how: str
    value: str

    def holds(self, row: Mapping[str, object]) -> bool:
        """Say whether ``row`` satisfies it; text is compared case-sensitively, as the products do."""
        found: object = row
        for part in self.field.split("/"):
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is None:
            return self.how == "ne"
        text = str(found).lower() if isinstance(found, bool) else str(found)
        return _TESTS[self.how](text, self.value)


def parse(text: str) -> tuple[Clause, ...]:
    """Return the clauses of a filter; none where it is empty.

    Raises:
        ValueError: the filter is not of the part that is supported.
    """
    clauses, rest = [], text.strip()
    while rest:
        match = _COMPARE.match(rest) or _CALL.match(rest)
        if match is None:
            raise ValueError(f"Invalid filter clause: {rest!r}")
        value = match["text"].replace("''", "'") if match["text"] is not None else match["bare"]
        clauses.append(Clause(match["field"], match["how"].lower(), value))
        rest = rest[match.end() :]
        if rest and not _AND.match(rest):
            raise ValueError(f"Invalid filter clause: {rest!r}")
        rest = _AND.sub("", rest, count=1) if rest else rest
    return tuple(clauses)


def matches(clauses: tuple[Clause, ...], row: Mapping[str, object]) -> bool:
    """Say whether ``row`` satisfies all of them."""
    return all(clause.holds(row) for clause in clauses)
