"""What other tools publish, record by record: a message of ``records.<tenant>`` may be packed, and may hold many records.

A message that names its own position is one record, as the doors write them; it is never taken apart.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from runtime.errors import Oversize, Rejected
from runtime.log import MAX_RECORD_BYTES
from services.ingest.decoding import looks_like_json
from services.ingest.labels import Label
from services.ingest.receivers.split import Piece, split
from services.ingest.unpacking import unpacked

MAX_UNPACKED_BYTES: Final = 8 * 1024 * 1024
MAX_RECORDS: Final = 10_000

_TABLE: Final = b"#separator "


def records_in(value: bytes, label: Label) -> Sequence[Piece]:
    """Return the records that ``value`` holds, at least one.

    Raises:
        Rejected: it is packed in an unknown way or damaged, holds nothing, too much, or not what it says.
    """
    if not label.position:
        value = unpacked(value, label.encoding, MAX_UNPACKED_BYTES) if label.encoding else value
    if not value or value.isspace():
        raise Rejected("the message is empty")
    if label.is_json and not label.preamble and not _looks_so(value):
        raise Rejected(f"the message says that it is {label.content_type}, and is no JSON object, nor an array of them")
    if label.position:
        return (Piece(0, value, label.preamble),)
    return (Piece(0, value),) if _is_one(value, label) else _split(value)


def _looks_so(value: bytes) -> bool:
    return looks_like_json(value) or value.startswith(_TABLE)


def _is_one(value: bytes, label: Label) -> bool:
    """Whether it is one record, as far as that can be told at a glance: most messages are."""
    if value[:1] == b"{" and b"\n" not in value and b"}{" not in value and b'"Records"' not in value[:64]:
        return True
    return not label.is_text and not _looks_so(value)


def _split(value: bytes) -> Sequence[Piece]:
    pieces = [
        piece._replace(record=piece.record[: MAX_RECORD_BYTES + 1]) for piece in islice(split(value), MAX_RECORDS + 1)
    ]
    if len(pieces) > MAX_RECORDS:
        raise Oversize(f"more than {MAX_RECORDS} records in one message; publish fewer at a time")
    if not pieces:
        raise Rejected("the message holds no record")
    return pieces
