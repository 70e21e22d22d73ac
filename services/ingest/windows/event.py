"""A Windows event in its flat native form becomes an OCSF event."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from runtime.errors import Rejected
from schemas.ocsf.classes import VERSION, OcsfClass, head_of, is_complete
from schemas.ocsf.objects import HOST, Event, Observable
from services.ingest.ports import Parsed, TimeQuality
from services.ingest.values import (
    account_seen,
    address_seen,
    as_text,
    host_id,
    host_seen,
    number_of,
    observable,
    text_of,
)
from services.ingest.windows import (
    channels,
    powershell,
    security_accounts,
    security_logon,
    security_objects,
    sysmon,
    system,
)
from services.ingest.windows.clock import event_time
from services.ingest.windows.kind import Kind
from services.ingest.windows.logsource import logsource_of
from services.ingest.windows.objects import Get, device_of

KINDS: Final[Mapping[str, Kind]] = {
    **sysmon.KINDS,
    **security_logon.KINDS,
    **security_accounts.KINDS,
    **security_objects.KINDS,
    **powershell.KINDS,
    **system.KINDS,
    **channels.KINDS,
}
"""Every kind that has a mapper, by its route ``channel/event id`` in lower case."""

_BASE: Final = head_of(OcsfClass.BASE_EVENT, 0)


def parsed_event(native: Mapping[str, Any], raw: bytes | None, at: int) -> Parsed:
    """Return the event of ``native``; ``raw`` is given where its bytes are that very object.

    Raises:
        Rejected: it names no channel or no event id.
    """
    g = native.get
    channel, event_id = g("Channel"), number_of(g("EventID"))
    if type(channel) is not str or not channel or event_id is None:
        raise Rejected("no Windows event: it names no Channel or no EventID")
    lower, route = _route(channel, event_id)
    time, quality, original = event_time(g, at)
    hostname = g("Computer") or g("Hostname")
    kind = KINDS.get(route)
    event = _event(g, kind, hostname)
    event["time"] = time
    event["metadata"] = _metadata(g, channel, event_id, original, quality)
    host = host_id(hostname)
    observables = _observables(g, kind, host)
    entity = host or next((item["value"] for item in observables), "")
    mapped = event["class_uid"] != 0
    return Parsed(
        event,
        raw if raw is not None else native,
        logsource_of(lower, route),
        route,
        time,
        quality,
        observables,
        entity,
        mapped,
    )


def _event(g: Get, kind: Kind | None, hostname: object) -> Event:
    if kind is not None:
        event: Event = {**kind.head}
        if type(hostname) is str and hostname:
            event["device"] = device_of(hostname)
        for name, value in kind.parts(g).items():
            if value is not None:
                event[name] = value
        if "activity_id" in event:
            event["type_uid"] = event["class_uid"] * 100 + event["activity_id"]
        if is_complete(event):
            return event
    return _base_event(g, hostname)


def _base_event(g: Get, hostname: object) -> Event:
    event: Event = {**_BASE}
    if type(hostname) is str and hostname:
        event["device"] = device_of(hostname)
    message = text_of(g("Message"))
    if message is not None:
        event["message"] = message
    return event


def _metadata(g: Get, channel: str, event_id: int, original: str, quality: TimeQuality) -> dict[str, Any]:
    provider = text_of(g("Provider_Name") or g("SourceName")) or channel
    remembered = _origin if len(provider) + len(channel) < 400 else _origin.__wrapped__
    metadata = {**remembered(provider, channel, event_id, quality)}
    if original:
        metadata["original_time"] = original
    record_id = as_text(g("EventRecordID") or g("RecordNumber"))
    if record_id is not None:
        metadata["original_event_uid"] = record_id
    return metadata


@lru_cache(maxsize=8192)
def _origin(provider: str, channel: str, event_id: int, quality: TimeQuality) -> dict[str, Any]:
    """Return what the metadata of all events of a kind share."""
    return {
        "version": VERSION,
        "product": {"name": provider, "vendor_name": "Microsoft"},
        "profiles": ["host"],
        "event_code": str(event_id),
        "log_name": channel,
        "log_provider": provider,
        "labels": [f"time:{quality}"],
    }


def _observables(g: Get, kind: Kind | None, host: str) -> list[Observable]:
    found = [observable("device.hostname", HOST, host)] if host else []
    if kind is None:
        return found
    found += [
        one for domain, name in kind.accounts if (one := account_seen(name, g(domain) or "", g(name))) is not None
    ]
    if kind.addresses:
        found += [one for name in kind.addresses if (one := address_seen(name, g(name))) is not None]
    if kind.hosts:
        found += [one for name in kind.hosts if (one := host_seen(name, g(name))) is not None]
    return found


def _route(channel: str, event_id: int) -> tuple[str, str]:
    return _known_route(channel, event_id) if len(channel) <= 200 else _known_route.__wrapped__(channel, event_id)


@lru_cache(maxsize=8192)
def _known_route(channel: str, event_id: int) -> tuple[str, str]:
    lower = channel.lower()
    return lower, f"{lower}/{event_id}"
