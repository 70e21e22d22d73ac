"""normalize: a record in, one OCSF event out, the native object last in its bytes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import orjson

from runtime.errors import Rejected
from schemas.event import EventHeaders
from schemas.identity import event_uid
from schemas.ocsf.objects import Observable
from services.ingest.decoding import looks_like_json
from services.ingest.ports import AUTO, Hints, Parsed, Source, TimeQuality
from services.ingest.unknown import parse_unknown

UNKNOWN: Final = "unknown"
MAX_EVENT_BYTES: Final = 3 * 1024 * 1024
_OBSERVABLES: Final = 64


class Context(msgspec.Struct, frozen=True, gc=False):
    """Where a record came from: its tenant, the tenant's key for event ids, source, position and the door's hints."""

    tenant: str
    key: bytes
    source: str
    position: str
    hints: Hints


class Normalized(msgspec.Struct, gc=False):
    """One event as it travels. ``entity`` is the canonical host, else the account, else empty."""

    value: bytes
    headers: EventHeaders
    mapped: bool
    quality: TimeQuality
    entity: str
    observables: list[Observable]


class Normalizer:
    """Knows the sources. It remembers nothing, so that a record gives the same event whatever came before."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._by_name: Mapping[str, Source] = {source.name: source for source in sources}
        self._in_order = sorted(sources, key=lambda source: (source.order, source.name))

    @property
    def names(self) -> Sequence[str]:
        """The names of the sources, sorted."""
        return sorted(self._by_name)

    def normalize(self, record: bytes, context: Context) -> Normalized:
        """Return the event that ``record`` becomes; one without a mapper becomes a base event.

        Raises:
            Rejected: it does not parse, or breaks a limit.
        """
        name, parsed = self._parse(record, context.source, context.hints)
        uid = event_uid(context.key, context.source, context.position, record)
        value, length = _encoded(parsed, context, uid)
        headers = EventHeaders(uid, name, parsed.logsource, parsed.kind, parsed.time, len(value) - length - 1, length)
        return Normalized(value, headers, parsed.mapped, parsed.quality, parsed.entity, parsed.observables)

    def peek(self, record: bytes, source: str, hints: Hints) -> tuple[int, list[Observable]]:
        """Return the event time and the observables of a record that nobody wants as an event yet.

        Raises:
            Rejected: as ``normalize``.
        """
        parsed = self._parse(record, source, hints)[1]
        return parsed.time, parsed.observables

    def _parse(self, record: bytes, wanted: str, hints: Hints) -> tuple[str, Parsed]:
        """Ask the source of that name; a name that none bears is a stream's own, and the content decides."""
        source = self._by_name.get(wanted)
        if source is not None:
            return source.name, source.parse(record, hints)
        for candidate in self._in_order:
            if candidate.recognises(record, hints):
                parsed = _tried(candidate, record, hints)
                if parsed is not None:
                    return candidate.name, parsed
        return UNKNOWN, parse_unknown(record, hints)


def _tried(source: Source, record: bytes, hints: Hints) -> Parsed | None:
    """Return what the source makes of a record that it believes to be its own; None where JSON only looked like it."""
    try:
        return source.parse(record, hints)
    except Rejected:
        if looks_like_json(record):
            return None
        raise


def _encoded(parsed: Parsed, context: Context, uid: str) -> tuple[bytes, int]:
    """Return the event's bytes and the length of the native object within, which stands last."""
    event = parsed.event
    metadata: dict[str, Any] = event["metadata"]
    metadata["uid"] = uid
    metadata["tenant_uid"] = context.tenant
    if parsed.observables:
        event["observables"] = parsed.observables[:_OBSERVABLES]
    native = parsed.native if isinstance(parsed.native, bytes) else _native(parsed.native)
    event["unmapped"] = orjson.Fragment(native)
    value = orjson.dumps(event)
    if len(value) > MAX_EVENT_BYTES:
        raise Rejected(f"the event would be larger than {MAX_EVENT_BYTES} bytes")
    return value, len(native)


def _native(native: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(native)
    except orjson.JSONEncodeError as error:
        raise Rejected(f"the native object cannot be written as JSON: {error}") from error


__all__ = ["AUTO", "UNKNOWN", "Context", "Normalized", "Normalizer"]
