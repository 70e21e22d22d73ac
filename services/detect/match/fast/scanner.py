"""Many literals sought in many events at once, by Hyperscan; the case of ASCII letters does not count."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

import hyperscan


class Scanner:
    """Finds ``literals`` (lower case) in events. One thread at a time."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._literals = tuple(literals)
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=list(self._literals),
            ids=list(range(len(self._literals))),
            elements=len(self._literals),
            flags=[hyperscan.HS_FLAG_CASELESS] * len(self._literals),
            literal=True,
        )

    @property
    def literals(self) -> tuple[bytes, ...]:
        """What is sought, by number."""
        return self._literals

    @property
    def size(self) -> int:
        """How many bytes the compiled literals take."""
        return int(self._database.size())

    def found(self, events: Sequence[bytes]) -> list[tuple[int, int]]:
        """Return which event holds which literal, by number; a pair for each place where it stands.

        The events are joined by a newline, which no literal holds: none is found across two of them.
        """
        ends: list[tuple[int, int]] = []
        add = ends.append

        def note(literal: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add((end, literal))

        self._database.scan(b"\n".join(events), match_event_handler=note)
        if not ends:
            return []
        bounds = [end + number for number, end in enumerate(accumulate(map(len, events)))]
        return [(bisect_left(bounds, end), literal) for end, literal in ends]
