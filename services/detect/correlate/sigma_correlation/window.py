"""The events of one group of one rule, in order of event time, and which windows over them meet the condition."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.detect.correlate.sigma_correlation.rule import Correlation

MAX_ENTRIES: Final = 4096
"""Events remembered per group; a condition may not ask for more."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """An event in a window. Ordered by time, then id, so that no two orders of arrival differ.

    ``group`` are the group's values as this event spells them, ``values`` what ``value_count`` counts, ``data`` a small
    part of the native object.
    """

    time: int
    event: str
    group: tuple[str, ...] = field(compare=False)
    values: tuple[str, ...] = field(compare=False)
    kind: str = field(compare=False)
    source: str = field(compare=False)
    data: Mapping[str, Any] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Met:
    """A window that meets the condition: the event that it ends at, its first one, and the count."""

    end: Entry
    start: Entry
    count: int


@dataclass(slots=True)
class Window:
    """What is remembered of one group. ``said`` are the conclusions already published, by stretch of time."""

    entries: list[Entry] = field(default_factory=list)
    said: dict[int, Met] = field(default_factory=dict)

    def add(self, entry: Entry) -> bool:
        """Return False where the event is known already."""
        place = bisect_left(self.entries, entry)
        if place < len(self.entries) and self.entries[place] == entry:
            return False
        insort(self.entries, entry)
        return True

    def forget(self, before: int, timespan: int) -> None:
        """Drop what no window can need any more, and the oldest beyond ``MAX_ENTRIES``."""
        excess = max(0, len(self.entries) - MAX_ENTRIES)
        keep = next((number for number, entry in enumerate(self.entries) if entry.time >= before), len(self.entries))
        del self.entries[: max(excess, keep)]
        for stretch in [stretch for stretch in self.said if (stretch + 1) * timespan < before]:
            del self.said[stretch]


def counted(rule: Correlation, entries: Sequence[Entry]) -> int:
    """Return what ``rule`` counts among ``entries``."""
    if rule.kind == "event_count":
        return len(entries)
    return len({value for entry in entries for value in entry.values})


def first_met(rule: Correlation, entries: Sequence[Entry], stretch: int, since: Entry) -> Met | None:
    """Return the first window ending at or after ``since`` and within ``stretch`` that meets the condition.

    ``stretch`` numbers the stretches of one timespan each since the epoch. A window's events are at most one timespan apart.
    """
    begin = bisect_left(entries, since)
    low = _first_since(entries, entries[begin].time - rule.timespan)
    values = Counter(value for entry in entries[low:begin] for value in entry.values)
    for number in range(begin, len(entries)):
        end = entries[number]
        if end.time // rule.timespan > stretch:
            return None
        values.update(end.values)
        while entries[low].time < end.time - rule.timespan:
            values.subtract(entries[low].values)
            low += 1
        count = number - low + 1 if rule.kind == "event_count" else len(+values)
        if end.time // rule.timespan == stretch and rule.holds(count):
            return Met(end, entries[low], count)
    return None


def _first_since(entries: Sequence[Entry], instant: int) -> int:
    return bisect_left(entries, instant, key=lambda entry: entry.time)
