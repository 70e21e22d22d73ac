"""What shippers make of a Windows event, turned back into the flat native form."""

import re
from collections.abc import Mapping
from typing import Any, Final

from runtime.errors import Rejected
from services.ingest.decoding import object_of
from services.ingest.values import number_of

_DATA: Final = re.compile(r'<Data Name="([^"<>]{1,256})"(?: ?/>|>([^<]*)</Data>)')
_ENTITIES: Final = (
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&apos;", "'"),
    ("&#xD;", "\r"),
    ("&#xA;", "\n"),
    ("&amp;", "&"),
)
_XML_BYTES: Final = 262_144


def winlogbeat_form(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat form of Winlogbeat's ``winlog`` object.

    Raises:
        Rejected: it names no event id.
    """
    winlog = document["winlog"]
    event_id = number_of(winlog.get("event_id"))
    if event_id is None:
        raise Rejected("no Windows event: winlog.event_id is no number")
    process = winlog.get("process") if isinstance(winlog.get("process"), Mapping) else {}
    header = {
        "EventID": event_id,
        "Channel": winlog.get("channel"),
        "Computer": winlog.get("computer_name"),
        "Provider_Name": winlog.get("provider_name"),
        "TimeCreated": document.get("@timestamp"),
        "EventRecordID": winlog.get("record_id"),
        "Execution_ProcessID": process.get("pid"),
        "Message": document.get("message"),
    }
    flat = {name: value for name, value in header.items() if value is not None}
    return _with_data(flat, winlog.get("event_data"), winlog.get("user_data"))


def sentinel_form(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat form of a Log Analytics row, whose ``EventData`` is JSON or XML inside a text.

    Raises:
        Rejected: the text is neither.
    """
    text, event_id = document["EventData"], number_of(document.get("EventID"))
    if event_id is None:
        raise Rejected("no Windows event: it names no EventID")
    flat = {name: value for name, value in document.items() if name != "EventData"}
    flat["EventID"] = event_id
    flat.setdefault("Provider_Name", document.get("Provider") or document.get("EventSourceName"))
    data = object_of(text.encode()) if text.lstrip()[:1] == "{" else _xml_data(text)
    return _with_data(flat, data)


def _xml_data(text: str) -> dict[str, str]:
    """Return the named values of an ``EventData`` element; a flat list of them needs no parser that follows entities."""
    if "<EventData" not in text[:200] or len(text) > _XML_BYTES:
        raise Rejected("EventData is neither a JSON object nor an EventData element")
    return {name: _unescaped(value or "") for name, value in _DATA.findall(text)}


def _unescaped(value: str) -> str:
    for entity, character in _ENTITIES:
        value = value.replace(entity, character)
    return value


def _with_data(flat: dict[str, Any], *sections: object) -> dict[str, Any]:
    for section in sections:
        if isinstance(section, Mapping):
            for name, value in section.items():
                flat[name if name not in flat else f"EventData_{name}"] = value
    return flat
