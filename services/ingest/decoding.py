"""From bytes to one JSON object, within limits. Every later reader uses a parser that, like this one, keeps the last of equal keys."""

import re
from typing import Any, Final

import orjson

from runtime.errors import Rejected
from runtime.log import MAX_RECORD_BYTES

MAX_DEPTH: Final = 64
MAX_KEYS: Final = 10_000
_FLAT: Final = frozenset({str, int, float, bool, type(None)})
_JSON_BEGIN: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{|\[\s*[\[{\"\]])")
_WHITE: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"


def object_of(record: bytes) -> dict[str, Any]:
    """Return the JSON object that ``record`` is.

    Raises:
        Rejected: it is none, or too large, too deep, of too many keys, not UTF-8, or holds a number beyond a double's range.
    """
    document = decoded(record)
    if type(document) is not dict:
        raise Rejected("JSON, but no object")
    return document


def decoded(record: bytes) -> object:
    """Return the JSON value that ``record`` is.

    Raises:
        Rejected: as for ``object_of``, but any value will do.
    """
    if len(record) > MAX_RECORD_BYTES:
        raise Rejected(f"larger than {MAX_RECORD_BYTES} bytes")
    try:
        document: object = orjson.loads(record.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        raise Rejected(f"no JSON: {error}") from error
    if type(document) is not dict or len(document) > MAX_KEYS or not _FLAT.issuperset(map(type, document.values())):
        _within_limits(document)
    return document


def text_of_record(record: bytes) -> str:
    """Return a line of text.

    Raises:
        Rejected: it is empty, too large, not UTF-8, or holds control characters that no log line has.
    """
    if len(record) > MAX_RECORD_BYTES:
        raise Rejected(f"larger than {MAX_RECORD_BYTES} bytes")
    try:
        text = record.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise Rejected(f"neither JSON nor UTF-8 text: {error.reason} at byte {error.start}") from error
    if not text.strip():
        raise Rejected("empty record")
    if "\x00" in text:
        raise Rejected("text with NUL characters")
    return text


def is_verbatim(record: bytes) -> bool:
    """Whether the bytes, just parsed as one object, may stand in an event as they are: one line, nothing around it."""
    return record[:1] == b"{" and record[-1:] == b"}" and b"\n" not in record


def first_byte(record: bytes) -> bytes:
    """Return the first byte that is no white space and no byte order mark."""
    return record[:64].removeprefix(_BOM).lstrip(_WHITE)[:1]


def looks_like_json(record: bytes) -> bool:
    """Whether it begins as a JSON object or an array of objects, arrays or texts; a log line in brackets does not."""
    return _JSON_BEGIN.match(record) is not None


def _within_limits(document: object) -> None:
    keys, layer = 0, [document]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for value in layer:
            if type(value) is dict:
                keys += len(value)
            parts = value.values() if type(value) is dict else value if type(value) is list else ()
            below += [part for part in parts if type(part) is dict or type(part) is list]
        if keys > MAX_KEYS:
            raise Rejected(f"more than {MAX_KEYS} keys")
        if not below:
            return
        layer = below
    raise Rejected(f"deeper than {MAX_DEPTH} levels")
