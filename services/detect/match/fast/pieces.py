r"""From a text that a value must hold to the bytes that the event must hold.

An event is looked at as canonical JSON: compact, escaped as `orjson.dumps` escapes. A needle is cut where its bytes would not be
sure: at letters beyond ASCII (their case folds in other ways), at quotes, brackets and commas, for the value may be an object
whose JSON is compared, and its members may be drawn up in another way. What is left of it only digits is no witness: the
text of a number is not how the event writes it (``1e3`` is compared as ``1000``).
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import orjson

from services.detect.match.core.tree import How

Option = frozenset[bytes]
"""Literals of which the event must contain at least one."""

SHORTEST: Final = 2
_CUTS: Final = frozenset('"{}[],')
_CUTS_BESIDE_QUOTES: Final = _CUTS | {":"}
_NUMBER: Final = re.compile(r"[0-9.+\-e:]*")
_WORDS: Final = ("true", "false")


def options_of(needle: str, how: How) -> Iterator[Option]:
    """Yield what must be there where a value equals, starts with, ends with or contains ``needle``; each of them must."""
    signs = _CUTS_BESIDE_QUOTES if '"' in needle else _CUTS
    cuts = [place for place, char in enumerate(needle) if char in signs or _is_unsure(char)]
    for start, end in pairwise((-1, *cuts, len(needle))):
        yield from _option(needle, start + 1, end, how)


def _is_unsure(char: str) -> bool:
    """Whether its bytes are not the same in every case, or whether it has none, as half a pair has not."""
    return char > "\x7f" and (not char == char.lower() == char.upper() or "\ud800" <= char <= "\udfff")


def _option(needle: str, start: int, end: int, how: How) -> Iterator[Option]:
    piece = needle[start:end]
    escaped = orjson.dumps(piece)[1:-1].lower()
    if len(escaped) < SHORTEST or _NUMBER.fullmatch(piece):
        return
    opens = start == 0 and how in {How.EQUALS, How.STARTS} and not any(word.startswith(piece) for word in _WORDS)
    closes = end == len(needle) and how in {How.EQUALS, How.ENDS} and not any(word.endswith(piece) for word in _WORDS)
    if opens or closes:
        yield frozenset((b'"' * opens + escaped + b'"' * closes,))
    elif b"\\" in escaped and min(piece) >= " ":
        # within a string it stands escaped; in an object whose JSON is compared it is JSON already, which holds no controls
        yield frozenset((escaped, piece.encode().lower()))
    else:
        yield frozenset((escaped,))
