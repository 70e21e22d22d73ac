"""Splitting bytes into records: NDJSON, JSON documents one after another, arrays, ``{"Records": [...]}``, Zeek tables, lines.

The pieces are exact slices of the input. What is broken comes out as a piece as well, so that it can be dead-lettered; only
white space, the commas and brackets between records, and a Zeek table's header lines are no records.
"""

import re
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from services.ingest.receivers.scan import (
    BLANK,
    Data,
    after_idle_lines,
    after_separators,
    first_mark,
    is_array,
    line_end,
    scalar_end,
    value_end,
)


class Piece(NamedTuple):
    """One record: where it begins in the input, its bytes, the header lines that govern it."""

    offset: int
    record: bytes
    preamble: str = ""


_CONTAINER: Final = re.compile(rb'\{\s*"Records"\s*:\s*\[')
_CLOSING: Final = re.compile(rb"\s*\}\s*")
_OPEN_ENDS: Final = (b"{", b"[", b",", b":")
_TABLE: Final = b"#separator"
_TABLE_WORDS: Final = (_TABLE, b"#set_separator", b"#empty_field", b"#unset_field", b"#path", b"#fields", b"#types")
_TABLE_BEGINS: Final = _TABLE + b" "
_BOM: Final = b"\xef\xbb\xbf"
_PATIENCE: Final = 16
_PREAMBLE: Final = 16_384  # it travels with every row


def split(data: Data) -> Iterator[Piece]:
    """Yield the records of ``data`` in order. Never raises: what cannot be understood is a record too."""
    start = len(_BOM) if data[: len(_BOM)] == _BOM else 0
    if data[start : start + len(_TABLE_BEGINS)] == _TABLE_BEGINS:
        return _table(data, start)
    return _Splitter(data).pieces(start)


def _table(data: Data, position: int) -> Iterator[Piece]:
    """Yield the rows of a Zeek table, each with the header lines that name its fields."""
    header: dict[bytes, bytes] = {}
    preamble = ""
    while position < len(data):
        end = line_end(data, position)
        line = data[position:end].rstrip(b"\r")
        word = line.split(None, 1)[0] if line.strip(BLANK) else b""
        if word in _TABLE_WORDS:
            header = {} if word == _TABLE else header
            header[word] = line
            preamble = b"\n".join(header.values())[:_PREAMBLE].decode(errors="replace")
        elif word and word not in (b"#open", b"#close"):
            yield Piece(position, line, preamble)
        position = end + 1


class _Splitter:
    """Walks through one input; ``failures`` counts the documents that did not end, each of which cost a look ahead."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._failures = 0

    def pieces(self, position: int) -> Iterator[Piece]:
        """Yield what begins at ``position`` and after."""
        data, size = self._data, len(self._data)
        while (position := after_idle_lines(data, position)) < size:
            end = line_end(data, position)
            begin = first_mark(data, position, end)
            line = data[begin:end].rstrip(BLANK)
            if not line or line == b",":
                position = end + 1
            elif is_array(data, begin):
                position = yield from self._elements(begin + 1)
            elif line[:1] == b"{" and not self._is_whole(line, end):
                position = yield from self._document(begin, end)
            else:
                yield from self._opened(begin, begin + len(line))
                position = end + 1

    def _is_whole(self, line: bytes, end: int) -> bool:
        """Whether the line is a document of its own, or a broken one: the next line begins another."""
        following = self._data[end + 1 : end + 2]
        if line[-1:] == b"}":
            return following in (b"{", b"") and b"}{" not in line
        return self._failures > _PATIENCE or (following == b"{" and line[-1:] not in _OPEN_ENDS)

    def _document(self, begin: int, end: int) -> Generator[Piece, None, int]:
        """Yield the document that begins on this line; return where the next may begin."""
        close = value_end(self._data, begin)
        if close is None:
            self._failures += 1
            yield Piece(begin, self._data[begin:end].rstrip(BLANK))
            return end + 1
        yield from self._opened(begin, close)
        return after_separators(self._data, close)

    def _opened(self, begin: int, end: int) -> Iterator[Piece]:
        """Yield the document, or the records of the container that it is."""
        data = self._data
        container = _CONTAINER.match(data, begin, end)
        close = value_end(data, container.end() - 1) if container else None
        if container is None or close is None or not _CLOSING.fullmatch(data, close, end):
            yield Piece(begin, data[begin:end])
        else:
            yield from self._elements(container.end())

    def _elements(self, position: int) -> Generator[Piece, None, int]:
        """Yield the elements of an array; return where it ends."""
        data, size = self._data, len(self._data)
        while True:
            position = after_separators(data, position)
            first = data[position : position + 1]
            if first in (b"]", b""):
                return min(after_separators(data, position + 1), size)
            close = value_end(data, position) if first in (b"{", b"[") else scalar_end(data, position)
            if close is None:
                self._failures += 1
                close = line_end(data, position)
            yield Piece(position, data[position:close].rstrip(BLANK))
            position = close
