"""How each kind of ledger entry changes a thread. Everything is in the entry: no clock, no configuration."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runtime.machine import Entry
from services.notify.core.state import Delivery, Face, Gist, HoldNote, Thread

Data = Mapping[str, Any]


def evolve(thread: Thread | None, entry: Entry) -> Thread | None:
    """Return the thread after ``entry``; None where it was forgotten."""
    if entry.kind == "forgotten":
        return None
    at = entry.data["at"]
    thread = thread or Thread(uid=entry.key, opened=at, touched=at)
    return msgspec.structs.replace(_TRANSITIONS[entry.kind](thread, entry.data), touched=at)


def _incident(thread: Thread, data: Data) -> Thread:
    gist = msgspec.convert(data["gist"], Gist)
    return msgspec.structs.replace(thread, gist=gist, merged_into=gist.merged_into)


def _hold(thread: Thread, data: Data) -> Thread:
    note = msgspec.convert(data["hold"], HoldNote)
    return msgspec.structs.replace(thread, holds={**thread.holds, note.uid: note})


def _adopted(thread: Thread, data: Data) -> Thread:
    notes = {note.uid: note for note in msgspec.convert(data["holds"], tuple[HoldNote, ...])}
    younger = tuple(sorted({*thread.adopted, data["younger"]}))
    return msgspec.structs.replace(thread, adopted=younger, holds={**notes, **thread.holds})


def _acknowledged(thread: Thread, data: Data) -> Thread:
    return msgspec.structs.replace(thread, acknowledged_by=data["by"])


def _due(thread: Thread, data: Data) -> Thread:
    return msgspec.structs.replace(thread, due=data["due"], burst=data["burst"])


def _message(thread: Thread, data: Data) -> Thread:
    return msgspec.structs.replace(
        thread,
        told=msgspec.convert(data["face"], Face),
        sequence=data["sequence"] + 1,
        due=None,
        burst=None,
        outbox=thread.outbox + msgspec.convert(data["deliveries"], tuple[Delivery, ...]),
    )


def _suppressed(thread: Thread, data: Data) -> Thread:
    return msgspec.structs.replace(_noted(thread, data), due=None, burst=None)


def _noted(thread: Thread, data: Data) -> Thread:
    return msgspec.structs.replace(thread, suppressed=thread.suppressed + 1, silence=data["reason"])


def _sent(thread: Thread, data: Data) -> Thread:
    return _with_delivery(
        thread, data["delivery"], lambda one: msgspec.structs.replace(one, sent=True, attempts=data["attempts"])
    )


def _retry(thread: Thread, data: Data) -> Thread:
    return _with_delivery(
        thread, data["delivery"], lambda one: msgspec.structs.replace(one, sent=False, due=data["due"])
    )


def _done(thread: Thread, data: Data) -> Thread:
    return _with_delivery(thread, data["delivery"], lambda _: None)


def _with_delivery(thread: Thread, uid: str, change: Callable[[Delivery], Delivery | None]) -> Thread:
    changed = (change(one) if one.uid == uid else one for one in thread.outbox)
    return msgspec.structs.replace(thread, outbox=tuple(one for one in changed if one is not None))


_TRANSITIONS: Mapping[str, Callable[[Thread, Data], Thread]] = {
    "incident": _incident,
    "hold": _hold,
    "adopted": _adopted,
    "acknowledged": _acknowledged,
    "due": _due,
    "message": _message,
    "suppressed": _suppressed,
    "noted": _noted,
    "sent": _sent,
    "retry": _retry,
    "accepted": _done,
    "failed": _done,
}
