"""What no source knows still becomes an event: a base event with the record's own fields or text, so that it can be searched."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.event import LogSource
from schemas.ocsf.classes import VERSION, OcsfClass, head_of
from services.ingest.decoding import decoded, is_verbatim, looks_like_json, text_of_record
from services.ingest.instants import epoch_seconds, instant_of
from services.ingest.ports import Hints, Parsed, TimeQuality
from services.ingest.values import host_id, host_seen, text_of

_HEAD: Final = head_of(OcsfClass.BASE_EVENT, 0)
_TIMES: Final = ("@timestamp", "timestamp", "time", "eventTime", "TimeGenerated", "ts", "EventTime", "date")
_HOSTS: Final = ("Computer", "Hostname", "HostName", "hostname", "host")
_TEXT_BYTES: Final = 65_536


def parse_unknown(record: bytes, hints: Hints) -> Parsed:
    """Return the base event of a record that no source recognises.

    Raises:
        Rejected: it looks like JSON and is none, or it is no text either.
    """
    if looks_like_json(record):
        document = decoded(record)
        if type(document) is dict:
            return base_event(document, record if is_verbatim(record) else None, "json", LogSource(), hints)
    text = text_of_record(record)
    return base_event({"message": text}, None, "text", LogSource(), hints, message=text)


def base_event(
    native: Mapping[str, Any],
    raw: bytes | None,
    kind: str,
    logsource: LogSource,
    hints: Hints,
    *,
    message: str | None = None,
) -> Parsed:
    """Return a base event around ``native``; ``raw`` is given where its bytes are that very object."""
    time, quality, original = _time(native, hints)
    name = next((text for text in map(text_of, map(native.get, _HOSTS)) if text), None) or text_of(hints.host)
    host = host_id(name)
    event: dict[str, Any] = {**_HEAD, "time": time, "metadata": base_metadata(kind, quality, original)}
    if name:
        event["device"] = {"hostname": name, "type_id": 0}
    if message is not None:
        event["raw_data"] = message[:_TEXT_BYTES]
    seen = host_seen("device.hostname", name)
    observables = [seen] if seen else []
    return Parsed(
        event, native if raw is None else raw, logsource, kind, time, quality, observables, host, mapped=False
    )


def base_metadata(kind: str, quality: TimeQuality, original: str) -> dict[str, Any]:
    """Return the metadata of an event whose product is not known better than by its kind."""
    metadata: dict[str, Any] = {
        "version": VERSION,
        "product": {"name": kind},
        "profiles": ["host"],
        "labels": [f"time:{quality}"],
    }
    if original:
        metadata["original_time"] = original
    return metadata


def _time(native: Mapping[str, Any], hints: Hints) -> tuple[int, TimeQuality, str]:
    for name in _TIMES:
        value = native.get(name)
        found = instant_of(value) if isinstance(value, str) else epoch_seconds(value)
        if found is not None:
            return found, TimeQuality.SYSTEM, str(value)
    return hints.at, TimeQuality.RECEIPT, ""
