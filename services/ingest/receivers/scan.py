"""Finding where things end in bytes that may be anything."""

import re
from mmap import mmap
from typing import Final

Data = bytes | mmap

BLANK: Final = b" \t\r\n\x0b\x0c"

_TOKEN: Final = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"|["{}\[\]]')
_BETWEEN: Final = re.compile(rb"[\s,]*")
_IDLE: Final = re.compile(rb"(?:[ \t\r\x0b\x0c]*+(?:,[ \t\r\x0b\x0c]*+)?\n)*+")
_SCALAR: Final = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"|[^,\]\r\n]+')
_ARRAY: Final = re.compile(rb"\[\s*[\[{\]]")


def line_end(data: Data, position: int) -> int:
    """Return where the line at ``position`` ends, its line feed not included."""
    found = data.find(b"\n", position)
    return len(data) if found < 0 else found


def after_idle_lines(data: Data, position: int) -> int:
    """Return where the first line begins that holds more than blanks and a comma; takes time by the byte, not by the line."""
    found = _IDLE.match(data, position)
    return found.end() if found else position


def first_mark(data: Data, position: int, end: int) -> int:
    """Return the first place of the line that is not blank."""
    line = data[position:end]
    return position + len(line) - len(line.lstrip(BLANK))


def is_array(data: Data, position: int) -> bool:
    """Whether an array of objects or arrays begins here; a log line in brackets is none."""
    return _ARRAY.match(data, position) is not None


def value_end(data: Data, position: int) -> int | None:
    """Return where the JSON object or array at ``position`` ends; None where it does not, or holds a broken string."""
    depth = 0
    for token in _TOKEN.finditer(data, position):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                return token.end()
        elif mark == b'"':
            return None
    return None


def scalar_end(data: Data, position: int) -> int:
    """Return where an element that is neither object nor array ends: before the next comma, bracket or line."""
    found = _SCALAR.match(data, position)
    return found.end() if found else position + 1


def after_separators(data: Data, position: int) -> int:
    """Return the first place that is neither white space nor a comma."""
    found = _BETWEEN.match(data, position)
    return found.end() if found else position
