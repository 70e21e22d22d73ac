"""What the headers of a record say about it, and what is assumed where they say nothing. No header names the tenant."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from runtime.errors import Rejected
from schemas.tenant import RecordDefaults
from services.ingest.ports import AUTO

SOURCE: Final = "source"
CONTENT_TYPE: Final = "content-type"
CONTENT_ENCODING: Final = "content-encoding"
HOST: Final = "host"
POSITION: Final = "position"
PREAMBLE: Final = "preamble"
RECEIVED: Final = "received"

_SOURCE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_INSTANT: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_JSON_TYPES: Final = frozenset(
    {"application/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
     "application/jsonlines"}
)  # fmt: skip
_LONGEST_HOST: Final = 255
_LONGEST_POSITION: Final = 1_024


class Label(msgspec.Struct, frozen=True, gc=False):
    """One message of ``records.<tenant>`` as its headers and the tenant's configuration describe it.

    ``position`` is empty where the message does not name its own: it may then hold several records. ``at`` is receipt time
    in epoch milliseconds.
    """

    source: str
    content_type: str
    encoding: str
    host: str
    position: str
    preamble: str
    at: int

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON, one document or many."""
        return self.content_type in _JSON_TYPES or self.content_type.endswith("+json")

    @property
    def is_text(self) -> bool:
        """Whether it says that it is lines of text."""
        return self.content_type.startswith("text/")

    def headers(self, position: str, preamble: str) -> dict[str, str]:
        """Return the headers of one of its records."""
        found = {SOURCE: self.source, POSITION: position, RECEIVED: str(self.at)}
        optional = {CONTENT_TYPE: self.content_type, HOST: self.host, PREAMBLE: preamble}
        return {**found, **{name: text for name, text in optional.items() if text}}


def label_of(headers: Mapping[str, str], key: str, at: int, defaults: RecordDefaults, known: Collection[str]) -> Label:
    """Return what is known of a message.

    The source is what the header says, else the tenant's configuration, else a key that is the name of a ``known`` source, else
    ``auto``: the content decides.

    Raises:
        Rejected: a header is malformed.
    """
    wanted = headers.get(SOURCE) or defaults.source or (key if key in known else AUTO)
    received = headers.get(RECEIVED, "")
    return Label(
        source=source_name(wanted),
        content_type=main_type(headers.get(CONTENT_TYPE, "")) or defaults.content_type,
        encoding=headers.get(CONTENT_ENCODING, ""),
        host=_bounded(HOST, headers, _LONGEST_HOST),
        position=_bounded(POSITION, headers, _LONGEST_POSITION),
        preamble=headers.get(PREAMBLE, ""),
        at=min(int(received), at) if received and _INSTANT.fullmatch(received) else at,
    )


@lru_cache(maxsize=1024)
def main_type(content_type: str) -> str:
    """Return a content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(maxsize=1024)
def source_name(name: str) -> str:
    """Return ``name`` if it may be a source's.

    Raises:
        Rejected: it may not.
    """
    if not _SOURCE.fullmatch(name):
        raise Rejected("a source's name has up to 64 letters, digits and `_.:-`")
    return name


def _bounded(name: str, headers: Mapping[str, str], longest: int) -> str:
    text = headers.get(name, "")
    if len(text) > longest:
        raise Rejected(f"the header {name} is longer than {longest} characters")
    return text
