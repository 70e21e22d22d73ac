"""What rides on the topic ``events``: an OCSF event as JSON, the native object last, and headers to route by.

Readers route and skip by the headers alone. ``native_offset`` and ``native_length`` delimit the native object in the
bytes of the value, so that a reader can scan or decode just that.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogSource:
    """Sigma's ``logsource``, as far as ingest knows it."""

    product: str = ""
    category: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class EventHeaders:
    """The headers of one event.

    ``kind`` is channel and event id for Windows (``security/4688``, lower case), else the source's own type.
    ``time`` is event time in epoch milliseconds.
    """

    uid: str
    source: str
    logsource: LogSource
    kind: str
    time: int
    native_offset: int
    native_length: int

    def as_headers(self) -> dict[str, str]:
        """Return the headers as they travel."""
        return {
            "uid": self.uid,
            "source": self.source,
            "product": self.logsource.product,
            "category": self.logsource.category,
            "service": self.logsource.service,
            "kind": self.kind,
            "time": str(self.time),
            "native": f"{self.native_offset}:{self.native_length}",
        }

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> "EventHeaders":
        """Return what ``headers`` say.

        Raises:
            KeyError, ValueError: they are not an event's headers.
        """
        where = _native_place(headers)
        return cls(
            uid=headers["uid"],
            source=headers["source"],
            logsource=LogSource(headers["product"], headers["category"], headers["service"]),
            kind=headers["kind"],
            time=int(headers["time"]),
            native_offset=where.start,
            native_length=where.stop - where.start,
        )

    def native(self, value: bytes) -> bytes:
        """Return the bytes of the native object within the event's ``value``."""
        return value[self.native_offset : self.native_offset + self.native_length]


def route_of(headers: Mapping[str, str]) -> tuple[tuple[str, str, str, str], slice]:
    """Return by what an event is routed (kind, product, category, service), and where its native object lies in the value.

    Much cheaper than all of ``EventHeaders``; for whoever passes over most events.

    Raises:
        KeyError, ValueError: they are not an event's headers.
    """
    route = (headers["kind"], headers["product"], headers["category"], headers["service"])
    return route, _native_place(headers)


def _native_place(headers: Mapping[str, str]) -> slice:
    offset, _, length = headers["native"].partition(":")
    start = int(offset)
    return slice(start, start + int(length))
