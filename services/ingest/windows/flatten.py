"""From the nested forms of a Windows event to the flat native one, in which Sigma rules are written.

The header's names win over equal names in the event's data, which are then kept as ``EventData_<name>`` or
``UserData_<name>``; else nobody could trust the channel and event id of a record.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from runtime.errors import Rejected
from services.ingest.values import number_of

_ATTRIBUTES: Final = "#attributes"
_TEXT: Final = "#text"
_PLAIN: Final = ("Version", "Level", "Task", "Opcode", "Keywords", "EventRecordID", "Channel", "Computer")


def flattened(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat form of ``{"Event": {"System": ..., "EventData" or "UserData": ...}}``.

    Raises:
        Rejected: it is not of that shape.
    """
    event = document.get("Event")
    system = event.get("System") if isinstance(event, Mapping) else None
    if not isinstance(event, Mapping) or not isinstance(system, Mapping):
        raise Rejected("no nested Windows event: Event.System is missing")
    flat = _header(system)
    for section in ("EventData", "UserData"):
        for name, value in _fields(event.get(section)):
            flat[name if name not in flat else f"{section}_{name}"] = value
    return flat


def _header(system: Mapping[str, Any]) -> dict[str, Any]:
    provider, execution = _attributes(system.get("Provider")), _attributes(system.get("Execution"))
    event_id = number_of(_text(system.get("EventID")))
    if event_id is None:
        raise Rejected("no Windows event: EventID is no number")
    flat: dict[str, Any] = {
        "EventID": event_id,
        "Provider_Name": provider.get("Name") or provider.get("EventSourceName"),
        "Provider_Guid": provider.get("Guid"),
        "TimeCreated": _attributes(system.get("TimeCreated")).get("SystemTime"),
        "Execution_ProcessID": execution.get("ProcessID"),
        "Execution_ThreadID": execution.get("ThreadID"),
        "UserID": _attributes(system.get("Security")).get("UserID"),
    }
    flat.update((name, _text(system.get(name))) for name in _PLAIN)
    return {name: value for name, value in flat.items() if value is not None}


def _fields(section: object) -> Iterator[tuple[str, Any]]:
    """Yield the named values of a section; below UserData one element may wrap them all."""
    if not isinstance(section, Mapping):
        return
    for name, value in section.items():
        if name == _ATTRIBUTES:
            continue
        if name == "Data":
            yield from _data(value)
        elif isinstance(value, Mapping) and _TEXT not in value:
            yield from _fields(value)
        else:
            yield name, _text(value)


def _data(value: object) -> Iterator[tuple[str, Any]]:
    """Yield ``Data`` elements: named ones by their name, nameless ones together as ``Data``."""
    entries = value if isinstance(value, list) else [value]
    nameless = []
    for entry in entries:
        name = _attributes(entry).get("Name")
        if isinstance(name, str):
            yield name, _text(entry)
        elif isinstance(entry, Mapping) and isinstance(entry.get(_TEXT), list):
            nameless += entry[_TEXT]
        else:
            nameless.append(_text(entry))
    if nameless:
        yield "Data", nameless if len(nameless) > 1 else nameless[0]


def _attributes(element: object) -> Mapping[str, Any]:
    found = element.get(_ATTRIBUTES) if isinstance(element, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _text(element: object) -> object:
    return element.get(_TEXT) if isinstance(element, Mapping) and _TEXT in element else element
