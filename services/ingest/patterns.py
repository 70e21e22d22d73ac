"""Regular expressions for hostile text: RE2, which takes linear time whatever it is given."""

from typing import Any, Protocol, cast

import re2


class Match(Protocol):
    """What a pattern found; a group that took no part is None."""

    def __getitem__(self, group: int | str) -> str: ...
    def groups(self) -> tuple[Any, ...]:
        """Return all groups."""
        ...

    def groupdict(self) -> dict[str, str | None]:
        """Return the named groups."""
        ...


class Pattern(Protocol):
    """A compiled pattern."""

    def match(self, text: str) -> Match | None:
        """Return what it finds at the beginning of ``text``."""
        ...


def compiled(pattern: str) -> Pattern:
    """Return the pattern, compiled."""
    return cast("Pattern", cast("Any", re2).compile(pattern))
