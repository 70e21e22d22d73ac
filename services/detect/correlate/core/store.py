"""Tables of facts and findings, filed under keys; who read a key is told when it changes.

A table is a set: what was filed twice counts once, and readers see it ordered by time, whatever the order of arrival.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

Key = tuple[Hashable, ...]

CAP: Final = 512
_NOTHING: Final[dict[Hashable, Any]] = {}


@dataclass(slots=True)
class Span:
    """When something was first and last seen; ``event`` is the first one."""

    first: int
    last: int
    event: str
    detail: str = ""


@dataclass(slots=True)
class Store:
    """All tables of one tenant. ``due`` gathers the readers of keys that changed."""

    items: dict[Key, dict[Hashable, Any]] = field(default_factory=dict)
    readers: dict[Key, set[Hashable]] = field(default_factory=dict)
    due: set[Hashable] = field(default_factory=set)

    def add(self, key: Key, name: Hashable, item: Any) -> bool:
        """File ``item`` under ``key`` as ``name``; a name that is there already stays. Return whether it is new."""
        table = self.items.get(key)
        if table is None:
            table = self.items[key] = {}
        elif name in table or len(table) >= CAP:
            return False
        table[name] = item
        if key in self.readers:
            self.due |= self.readers[key]
        return True

    def widen(self, key: Key, name: Hashable, time: int, event: str, detail: str = "") -> bool:
        """Note that ``name`` was seen under ``key`` at ``time``. Return whether it is new."""
        table = self.items.get(key)
        span = table.get(name) if table else None
        if span is None:
            return self.add(key, name, Span(time, time, event, detail))
        if span.first <= time <= span.last and (time, event) >= (span.first, span.event):
            return False
        if (time, event) < (span.first, span.event):
            span.first, span.event = time, event
            span.detail = detail or span.detail
        span.last = max(span.last, time)
        if key in self.readers:
            self.due |= self.readers[key]
        return False

    def table(self, key: Key) -> dict[Hashable, Any]:
        """Return what is filed under ``key``; to be read only."""
        return self.items.get(key, _NOTHING)

    def subscribe(self, reader: Hashable, keys: Iterable[Key]) -> None:
        """From now on a change under one of ``keys`` makes ``reader`` due."""
        for key in keys:
            self.readers.setdefault(key, set()).add(reader)

    def unsubscribe(self, reader: Hashable, keys: Iterable[Key]) -> None:
        """``reader`` is told no more of ``keys``."""
        for key in keys:
            readers = self.readers.get(key)
            if readers is not None:
                readers.discard(reader)
                if not readers:
                    del self.readers[key]

    def drop(self, key: Key, name: Hashable) -> None:
        """Forget one item, and the table with its last one."""
        table = self.items.get(key)
        if table is None:
            return
        table.pop(name, None)
        if not table:
            del self.items[key]
