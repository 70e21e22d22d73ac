"""Applying a declared mapping to one record."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from typing import Any, Final

from runtime.errors import Rejected
from schemas.event import LogSource
from schemas.ocsf.classes import VERSION, OcsfClass, head_of, is_complete
from schemas.ocsf.objects import ACCOUNT, Event, Observable
from services.ingest.decoding import is_verbatim, object_of
from services.ingest.instants import epoch_seconds, instant_of
from services.ingest.mapping.model import AccountPath, DeclaredMapping, FieldRule, Form
from services.ingest.ports import Hints, Parsed, Source, TimeQuality
from services.ingest.unknown import base_event
from services.ingest.values import (
    account_seen,
    address_id,
    address_seen,
    as_text,
    host_id,
    host_seen,
    number_of,
    text_of,
)

_INTEGERS: Final = ("port", "pid", "tid", "count", "code", "size", "duration", "bytes", "bytes_in", "bytes_out", "time")


def source_of(mapping: DeclaredMapping) -> Source:
    """Return the source that ``mapping`` declares."""
    marks = tuple(f'"{field}"'.encode() for field in mapping.recognise)
    return Source(
        name=mapping.name,
        parse=partial(_parse, mapping),
        recognises=lambda record, hints: bool(marks) and all(mark in record for mark in marks),  # noqa: ARG005  the contract
        examples=(),
        order=60,
    )


def at_path(document: Any, path: str) -> Any:  # noqa: ANN401  JSON of any shape
    """Return what stands at a dotted path, None where nothing does; a key that holds dots itself comes first."""
    if isinstance(document, Mapping) and path in document:
        return document[path]
    step, _, rest = path.partition(".")
    if isinstance(document, Mapping):
        inner = document.get(step)
    elif isinstance(document, list) and step.isdecimal() and len(step) < 6 and int(step) < len(document):
        inner = document[int(step)]
    else:
        return None
    return at_path(inner, rest) if rest else inner


def _parse(mapping: DeclaredMapping, record: bytes, hints: Hints) -> Parsed:
    document = object_of(record)
    raw = record if is_verbatim(record) else None
    logsource = LogSource(mapping.logsource.product, mapping.logsource.category, mapping.logsource.service)
    kind = f"{mapping.name}/{mapping.kind}"
    event = _event(mapping, document)
    if not is_complete(event):
        return base_event(document, raw, kind, logsource, hints)
    time, quality, original = _time(mapping, document, hints.at)
    event["time"] = time
    event["metadata"] = _metadata(mapping, original, quality)
    observables = _observables(mapping, document)
    host = host_id(at_path(document, mapping.host)) if mapping.host else ""
    entity = host or next((one["value"] for one in observables if one["type_id"] == ACCOUNT), "")
    return Parsed(event, document if raw is None else raw, logsource, kind, time, quality, observables, entity)


def _event(mapping: DeclaredMapping, document: Mapping[str, Any]) -> Event:
    activity = (
        mapping.activity if isinstance(mapping.activity, int) else _read(mapping.activity, "activity_id", document)
    )
    event: Event = head_of(OcsfClass(mapping.class_uid), activity if isinstance(activity, int) else 99)
    for target, constant in mapping.constants.items():
        _put(event, target, deepcopy(constant))
    for target, rule in mapping.fields.items():
        value = _read(rule if isinstance(rule, FieldRule) else FieldRule(path=rule), target, document)
        if value is not None:
            _put(event, target, value)
    name = text_of(at_path(document, mapping.host)) if mapping.host else None
    if name:
        event.setdefault("device", {"hostname": name, "type_id": 0})
    return event


def _read(rule: FieldRule, target: str, document: Mapping[str, Any]) -> Any:  # noqa: ANN401  JSON of any shape
    native = at_path(document, rule.path)
    if rule.values or rule.otherwise is not None:
        return rule.values.get(str(native).lower(), rule.otherwise)
    return _FORMS[rule.form or _suggested(target)](native)


def _suggested(target: str) -> Form:
    last = target.rpartition(".")[2]
    if last == "ip":
        return "address"
    return "integer" if last in _INTEGERS or last.endswith("_id") else "text"


def _put(event: Event, target: str, value: object) -> None:
    *way, last = target.split(".")
    for step in way:
        inner = event.setdefault(step, {})
        if not isinstance(inner, dict):
            raise Rejected(f"the mapping puts something below {step}, which is no object")
        event = inner
    event[last] = value


def _time(mapping: DeclaredMapping, document: Mapping[str, Any], at: int) -> tuple[int, TimeQuality, str]:
    value = at_path(document, mapping.time.path)
    if mapping.time.form == "text":
        found = instant_of(value)
    elif mapping.time.form == "seconds":
        found = epoch_seconds(value)
    else:
        number = number_of(value)
        found = epoch_seconds(number / 1000) if number is not None else None
    return (found, TimeQuality.SYSTEM, str(value)) if found is not None else (at, TimeQuality.RECEIPT, "")


def _metadata(mapping: DeclaredMapping, original: str, quality: TimeQuality) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "version": VERSION,
        "product": {"name": mapping.product or mapping.name},
        "profiles": ["host"],
        "labels": [f"time:{quality}"],
    }
    return {**metadata, "original_time": original} if original else metadata


def _observables(mapping: DeclaredMapping, document: Mapping[str, Any]) -> list[Observable]:
    seen = [host_seen("device.hostname", at_path(document, mapping.host))] if mapping.host else []
    for place in mapping.accounts:
        whole = place if isinstance(place, AccountPath) else AccountPath(name=place)
        domain = at_path(document, whole.domain) if whole.domain else None
        seen.append(account_seen(whole.name, domain, at_path(document, whole.name)))
    seen += [address_seen(path, at_path(document, path)) for path in mapping.addresses]
    return [one for one in seen if one is not None]


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())


def _decimal(value: object) -> float | None:
    return value if isinstance(value, float) else number_of(value)


_FORMS: Final[Mapping[Form, Callable[[Any], Any]]] = {
    "text": as_text,
    "integer": number_of,
    "number": _decimal,
    "address": lambda value: address_id(value) or None,
    "truth": _truth,
}
