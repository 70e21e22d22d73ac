"""The correlation rules of one tenant at work. Pure: the state is a projection of the findings that were shown to it.

The answer depends on the set of findings, not on their order, as long as none is more than ``LATENESS`` behind the newest.
Where more events can only make a condition truer (gt, gte) it is answered at once, with one finding per group and stretch of
``timespan`` (counted from the epoch): the first window in that stretch that meets it. Should an earlier one turn up late,
the finding is published again under the same uid. Where more events can make it false (lt, lte, eq, neq) windows start
at the group's first event, do not overlap, and are answered once nothing that belongs to them is awaited any more.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Final

from schemas.finding import Finding
from schemas.times import SECOND
from services.detect.correlate.sigma_correlation.conclusion import conclusion
from services.detect.correlate.sigma_correlation.reading import entries_of, rule_of
from services.detect.correlate.sigma_correlation.rule import Correlation
from services.detect.correlate.sigma_correlation.window import Entry, Met, Window, counted, first_met

LATENESS: Final = 120 * SECOND
MAX_ENTRIES: Final = 200_000
MAX_GROUPS: Final = 50_000
_MAX_DEPTH: Final = 64

Key = tuple[str, tuple[str, ...]]


class Correlator:
    """Counts findings. Bounded: the groups that have been quiet for longest are forgotten first."""

    def __init__(self, tenant: str, rules: Iterable[Correlation]) -> None:
        self._tenant = tenant
        self._rules = {rule.uid: rule for rule in rules}
        self._counting: dict[str, list[Correlation]] = {}
        for rule in self._rules.values():
            for uid in sorted(rule.rules):
                self._counting.setdefault(uid, []).append(rule)
        self._windows: OrderedDict[Key, Window] = OrderedDict()
        self._entries = 0
        self._closings: list[tuple[int, Key]] = []
        self._newest = 0
        self.late = 0

    @property
    def watermark(self) -> int:
        """The event time before which nothing is awaited any more."""
        return self._newest - LATENESS

    def observe(self, finding: Finding, now: int) -> tuple[Finding, ...]:
        """Return what the rules conclude now that ``finding`` is known, and what they conclude from that in turn.

        A time ahead of ``now`` moves the watermark no further than ``now``: one wrong clock must not make all forget.
        """
        concluded: list[Finding] = []
        waiting = [finding]
        for _ in range(_MAX_DEPTH):
            waiting = [found for one in waiting for found in self._observe(one, now)]
            if not waiting:
                break
            concluded += waiting
        return tuple(concluded)

    def _observe(self, finding: Finding, now: int) -> Iterator[Finding]:
        rules = self._counting.get(rule_of(finding))
        if not rules:
            return
        if finding.time < self.watermark:
            self.late += 1
            return
        self._newest = max(self._newest, min(finding.time, now))
        for rule in rules:
            for entry in entries_of(rule, finding):
                yield from self._count(rule, entry)
        yield from self._close()

    def _count(self, rule: Correlation, entry: Entry) -> Iterator[Finding]:
        key = (rule.uid, tuple(value.lower() for value in entry.group))
        window = self._window(key)
        if not window.add(entry):
            return
        self._entries += 1
        if rule.is_monotone:
            self._forget(window, rule)
            if entry.time >= window.entries[0].time:
                yield from self._answer(rule, key, window, entry)
        else:
            heappush(self._closings, (entry.time + rule.timespan, key))

    def _answer(self, rule: Correlation, key: Key, window: Window, entry: Entry) -> Iterator[Finding]:
        """The new event lies in the windows that end at it or within a timespan after it: in two stretches at most."""
        for stretch in sorted({entry.time // rule.timespan, (entry.time + rule.timespan) // rule.timespan}):
            said = window.said.get(stretch)
            if said is not None and said.end < entry:
                continue
            met = first_met(rule, window.entries, stretch, entry)
            if met is not None and met != said:
                window.said[stretch] = met
                yield conclusion(self._tenant, rule, key[1], stretch, met)

    def _close(self) -> Iterator[Finding]:
        while self._closings and self._closings[0][0] < self.watermark:
            _, key = heappop(self._closings)
            window = self._windows.get(key)
            if window is not None:
                yield from self._close_window(self._rules[key[0]], key, window)

    def _close_window(self, rule: Correlation, key: Key, window: Window) -> Iterator[Finding]:
        while window.entries and window.entries[0].time + rule.timespan < self.watermark:
            start = window.entries[0]
            inside = [entry for entry in window.entries if entry.time <= start.time + rule.timespan]
            del window.entries[: len(inside)]
            self._entries -= len(inside)
            count = counted(rule, inside)
            if rule.holds(count):
                yield conclusion(self._tenant, rule, key[1], start.time, Met(inside[-1], start, count))

    def _forget(self, window: Window, rule: Correlation) -> None:
        before = len(window.entries)
        window.forget(self.watermark - rule.timespan, rule.timespan)
        self._entries -= before - len(window.entries)

    def _window(self, key: Key) -> Window:
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window()
        self._windows.move_to_end(key)
        while len(self._windows) > MAX_GROUPS or (self._entries > MAX_ENTRIES and len(self._windows) > 1):
            _, quiet = self._windows.popitem(last=False)
            self._entries -= len(quiet.entries)
        return window
