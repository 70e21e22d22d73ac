"""What a log source is: the plug-in contract of ``sources/``, one file each, found by the name of the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

from schemas.event import LogSource
from schemas.ocsf.objects import Event, Observable

MAPPED: Final = "mapped"
"""Header of an event: ``1`` where a mapper knew the record, ``0`` for a base event."""

AUTO: Final = "auto"
"""The source name that asks ingest to recognise each record by its content."""


class TimeQuality(StrEnum):
    """Which time became event time, the best first."""

    SENSOR = "sensor"
    SYSTEM = "system"
    INFERRED = "inferred"
    SHIPPER = "shipper"
    RECEIPT = "receipt"


class Hints(msgspec.Struct, frozen=True, gc=False):
    """What the door knows and the record does not say.

    ``at`` is receipt time in epoch milliseconds; ``host`` fills the gap where a line names none; ``preamble`` holds the
    header lines of the file that the record comes from.
    """

    at: int = 0
    host: str = ""
    preamble: str = ""


NO_HINTS: Final = Hints()


class Parsed(msgspec.Struct, gc=False):
    """One record as a source understands it.

    ``event`` is an OCSF event without tenant, uid, observables and native object: those are the core's. ``native`` is the
    flat native object: the record's own bytes where they are that object, else a mapping to be encoded. ``time`` is epoch
    milliseconds. ``entity`` is the canonical host, else the account: the event's partition follows from it.
    """

    event: Event
    native: bytes | Mapping[str, Any]
    logsource: LogSource
    kind: str
    time: int
    quality: TimeQuality
    observables: list[Observable]
    entity: str
    mapped: bool = True


@dataclass(frozen=True, slots=True)
class Example:
    """A scrubbed record and what must come of it: ``expected`` is a part of the event, dotted path to value."""

    record: bytes
    kind: str
    class_uid: int
    time: int
    expected: Mapping[str, Any] = field(default_factory=dict)
    native: Mapping[str, Any] = field(default_factory=dict)
    hints: Hints = NO_HINTS


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of log.

    ``recognises`` looks at the content, cheaply and without parsing it whole; ``parse`` raises ``Rejected`` where the record
    is none of this source's. ``order`` decides who is asked first when the source is ``auto``: the lower the earlier.
    """

    name: str
    parse: Callable[[bytes, Hints], Parsed]
    recognises: Callable[[bytes, Hints], bool]
    examples: tuple[Example, ...]
    order: int = 50
