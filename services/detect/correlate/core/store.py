"""Tables of facts and findings, filed under keys; who read a key is told when it changes.

A table is a set: what was filed twice counts once, and readers see it ordered by time, whatever the order of arrival.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.times import MINUTE
from services.detect.correlate.core.budget import Budget

Key = tuple[Hashable, ...]

CAP: Final = 2048
BUSY: Final = 64
BUCKET: Final = MINUTE
# how many minutes of event time things are kept: processes that ended, everything else, what never ends
ENDED: Final = 10
KEPT: Final = 60
LONGEST: Final = 24 * 60
# what is small and stays true: who is whose
LASTING: Final = frozenset({"host", "own", "addresses", "directory", "controller", "controllers", "domains"})
DAILY: Final = frozenset({"names", "answer", "mentioned", "beside", "people"})
# what belongs to one process and lives as long
LIVING: Final = frozenset(
    {"start", "pair", "pids", "seen", "kids", "deed", "peers", "ports", "users", "engines", "hurt", "end"}
)
_NOTHING: Final[dict[Hashable, Any]] = {}


@dataclass(slots=True)
class Span:
    """When something was first and last seen; ``event`` is the first one."""

    first: int
    last: int
    event: str
    detail: str = ""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Store:
    """All tables of one tenant. ``due`` gathers the readers of keys that changed; ``clock`` is the newest event time.

    ``newest`` is the minute of a key's newest entry, ``minutes`` its inverse, ``reviews`` when it is next asked whether a key is
    still needed. ``held`` counts the entries of all tables against ``budget``; ``reach`` is the first minute that is kept whole.
    """

    budget: Budget = field(default_factory=Budget)
    items: dict[Key, dict[Hashable, Any]] = field(default_factory=dict)
    readers: dict[Key, set[Hashable]] = field(default_factory=dict)
    due: set[Hashable] = field(default_factory=set)
    reviews: dict[int, set[Key]] = field(default_factory=dict)
    minutes: dict[int, set[Key]] = field(default_factory=dict)
    newest: dict[Key, int] = field(default_factory=dict)
    swept: int = 0
    clock: int = 0
    busy: set[Key] = field(default_factory=set)
    held: int = 0
    reach: int = 0

    def __post_init__(self) -> None:
        self.budget.holders.add(self)

    def add(self, key: Key, name: Hashable, item: Any) -> bool:  # noqa: ANN401 - facts, findings and spans alike
        """File ``item`` under ``key`` as ``name``; a name that is there already stays. Return whether it is new.

        A full table loses what it has had for longest.
        """
        table = self.items.get(key)
        if table is None:
            table = self.items[key] = {}
        elif name in table:
            return False
        elif len(table) >= CAP:
            del table[next(iter(table))]
            self.held -= 1
        table[name] = item
        self.held += 1
        if len(table) == BUSY:
            self.busy.add(key)
        self._age(key, item)
        self._tell(key)
        return True

    def earliest(self, key: Key, name: Hashable, time: int, event: str, detail: str = "") -> bool:
        """Note that ``name`` was seen under ``key`` at ``time``, of which only the first counts. Return whether it is new."""
        table = self.items.get(key)
        span = table.get(name) if table else None
        if span is None:
            return self.add(key, name, Span(time, time, event, detail))
        if (time, event) < (span.first, span.event):
            span.first, span.event, span.detail = time, event, detail or span.detail
            self._tell(key)
        return False

    def widen(self, key: Key, name: Hashable, time: int, event: str) -> bool:
        """Note that ``name`` was seen under ``key`` at ``time``, of which first and last count. Return whether it is new."""
        new = self.earliest(key, name, time, event)
        span = self.items.get(key, _NOTHING).get(name)
        if span is not None and time > span.last:
            span.last = time
            self._tell(key)
        return new

    def _tell(self, key: Key) -> None:
        readers = self.readers.get(key)
        if readers is not None:
            self.due |= readers

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

    def _age(self, key: Key, item: Any) -> None:  # noqa: ANN401 - tables hold facts, findings and spans
        if key[0] in LASTING:
            return
        minute = self._minute(item)
        before = self.newest.get(key, -1)
        if minute > before:
            self._leave(key, before)
            self.newest[key] = minute
            self.minutes.setdefault(minute, set()).add(key)
            self.reviews.setdefault(minute, set()).add(key)

    def _minute(self, item: Any) -> int:  # noqa: ANN401 - tables hold facts, findings and spans
        time: int = item.last if isinstance(item, Span) else getattr(item, "time", self.clock)
        return time // BUCKET

    def evict(self, watermark: int) -> None:
        """Forget what is older than an hour behind ``watermark``, but nothing that is read or that still lives.

        Over the budget the oldest minutes go first, whatever lives in them.
        """
        now = watermark // BUCKET
        if now <= self.swept:
            return
        self.swept = now
        for minute in [minute for minute in self.reviews if minute < now - ENDED]:
            for key in self.reviews.pop(minute):
                if -1 < self.newest.get(key, -1) <= minute:
                    self._review(key, now)
        self._shrink(now)

    def _shrink(self, now: int) -> None:
        for minute in sorted(minute for minute in self.minutes if minute < now):
            if not self.budget.is_over(self):
                return
            for key in self.minutes[minute] - self.readers.keys():
                self._forget(key)
            self._thin_out(minute + 1)
            self.reach = minute + 1
            self.budget.short(now - minute)

    def _thin_out(self, reach: int) -> None:
        """Forget what is older than ``reach`` in large tables that something new is filed in all the time."""
        for key in self.busy - self.readers.keys():
            table = self.items[key]
            for name in [name for name, item in table.items() if self._minute(item) < reach]:
                del table[name]
                self.held -= 1

    def _review(self, key: Key, now: int) -> None:
        if key[0] in LIVING:
            limit = ENDED if self._has_ended(key) else LONGEST
        else:
            limit = LONGEST if key[0] in DAILY else KEPT
        if key in self.readers or self.newest[key] >= now - limit:
            self.reviews.setdefault(now, set()).add(key)
        else:
            self._forget(key)

    def _forget(self, key: Key) -> None:
        self.held -= len(self.items.pop(key, _NOTHING))
        self.busy.discard(key)
        self._leave(key, self.newest.pop(key))

    def _leave(self, key: Key, minute: int) -> None:
        keys = self.minutes.get(minute)
        if keys is not None:
            keys.discard(key)
            if not keys:
                del self.minutes[minute]

    def _has_ended(self, key: Key) -> bool:
        """Whether the newest that was said of a process is its end; its pid may be somebody else's by now."""
        end = self.newest.get(("end", *key[1:]), -1)
        return end >= self.newest.get(("start", *key[1:]), 0) and end >= 0
