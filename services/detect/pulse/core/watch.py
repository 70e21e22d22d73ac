"""One tenant under watch: time closes windows, and what is unusual is told once.

Conclusions come from ``advance`` alone, at instants that follow from the measures and not from who looks when, so that both
engines, and a restart, conclude the same.
"""

from collections.abc import Iterator

from schemas.finding import Finding
from schemas.times import SECOND, to_text
from services.detect.pulse.core.conclusions import (
    FAILING,
    HIGH,
    LOW,
    NOISY,
    SILENT,
    SPEAKS,
    Conclusion,
    finding_of,
)
from services.detect.pulse.core.judging import deviation, is_failing, is_noisy, usual
from services.detect.pulse.core.series import Past, Series
from services.detect.pulse.settings import Settings

_NEVER = 2**63
CALM_WINDOWS = 3
"""So many usual windows end a condition; the next one is told again."""


class Watch:
    """The series of one tenant. ``changed`` names those that differ from what was last saved."""

    def __init__(self, tenant: str, settings: Settings) -> None:
        self.tenant = tenant
        self.series: dict[tuple[str, str], Series] = {}
        self.changed: set[tuple[str, str]] = set()
        self.gone: set[tuple[str, str]] = set()
        self._settings = settings
        self._width = settings.window_seconds
        self._late = settings.lateness_seconds
        self._now = 0
        self._due = 0
        """Nothing is to be told before; most looks end here."""

    def observe(self, series: Series, identity: str, second: int, count: int) -> None:
        """Take in one measure of a series, which joins those under watch."""
        key = (series.service, series.subject)
        known = self.series.setdefault(key, series)
        known.observe(second // self._width, identity, second, count)
        self._due = min(self._due, self._end(second // self._width))
        self.changed.add(key)
        self._forget()

    def adopt(self, series: Series) -> None:
        """Take over a series as it was kept."""
        self.series[series.service, series.subject] = series
        self._due = 0

    def advance(self, now: int) -> list[Finding]:
        """Return what is to be told once it is ``now``, epoch milliseconds; time never goes back."""
        self._now = max(self._now, now)
        if self._now < self._due:
            return []
        told: list[Finding] = []
        for window in self._due_windows():
            told += self._close(window)
        for key, series in self.series.items():
            if self._is_silent(series):
                self.changed.add(key)
                told.append(self._silent(series, series.last))
        self._due = self.deadline() or _NEVER
        return told

    def deadline(self) -> int | None:
        """Return the next instant at which the passing of time alone may lead to something."""
        return min((due for series in self.series.values() for due in self._dues(series)), default=None)

    def _forget(self) -> None:
        if len(self.series) > self._settings.most_series:
            stalest = min(self.series, key=lambda key: (self.series[key].last, key))
            del self.series[stalest]
            self.changed.discard(stalest)
            self.gone.add(stalest)

    def _dues(self, series: Series) -> Iterator[int]:
        for window in series.open:
            yield self._end(window)
        if series.silent_since is None and self._is_known(series):
            yield self._silent_at(series) + self._late * SECOND

    def _end(self, window: int) -> int:
        return ((window + 1) * self._width + self._late) * SECOND

    def _due_windows(self) -> list[int]:
        windows = {window for series in self.series.values() for window in series.open}
        return sorted(window for window in windows if self._end(window) <= self._now)

    def _close(self, window: int) -> list[Finding]:
        wholes = {
            is_rule: sum(one.total(window) for one in self.series.values() if one.is_rule is is_rule)
            for is_rule in (False, True)
        }
        age = window - min(one.first for one in self.series.values()) // self._width
        told: list[Finding] = []
        for key, series in self.series.items():
            if window in series.open:
                self.changed.add(key)
                past = self._past(series, window, wholes[series.is_rule])
                pauses = list(self._pauses(series, window, told))
                told += [finding_of(self.tenant, series, one) for one in self._judged(series, past, age)]
                series.close(past, max(pauses, default=1), self._settings.remember_windows)
        return told

    def _past(self, series: Series, window: int, whole: int) -> Past:
        """Return the window as it will be remembered. Dead letters of nobody's are a share of all the tenant's records."""
        total, bad = series.total(window), series.bad(window)
        was_good = any(one.total > one.bad for one in series.past) or total > bad
        return Past(window, total, bad, total if was_good and not series.is_rule else whole)

    def _judged(self, series: Series, now: Past, age: int) -> Iterator[Conclusion]:
        facts = {"count": now.total, "usual_count": usual(series.past), "window_seconds": self._width}
        if series.is_rule:
            if is_noisy(now, series.past, age, self._settings):
                yield from self._once(series, NOISY, now, {**facts, "findings_of_all_rules": now.whole})
            return
        if is_failing(now, series.past, age, self._settings):
            yield from self._once(series, FAILING, now, {**facts, "dead_letters": now.bad, "records": now.whole})
        odd = deviation(now.total, series.past, self._settings)
        if odd == HIGH:
            yield from self._once(series, HIGH, now, facts)
        elif odd == LOW:
            if series.low_at == now.window - 1:  # a single one may be cut short by a restart
                yield from self._once(series, LOW, now, facts)
            series.low_at = now.window

    def _once(self, series: Series, what: str, now: Past, facts: dict[str, int]) -> Iterator[Conclusion]:
        last, series.told[what] = series.told.get(what), now.window
        if last is None or now.window - last > CALM_WINDOWS:
            start = now.window * self._width * SECOND
            yield Conclusion(what, now.window, self._end(now.window), {"since": to_text(start), **facts})

    def _pauses(self, series: Series, window: int, told: list[Finding]) -> Iterator[int]:
        """Yield the pauses that end in ``window``; one that is a silence is told, with its end, and is no usual pause."""
        before = series.spoke
        for second in series.seconds(window):
            pause = second - before
            if before == series.silent_since or (before and self._is_known(series) and pause >= self._most(series)):
                if before != series.silent_since:
                    told.append(self._silent(series, before))
                told.append(self._speaks(series, before, second))
            elif before:
                yield pause
            before = second

    def _is_silent(self, series: Series) -> bool:
        """Whether the clock alone says so; what is later than allowed is not waited for."""
        if series.silent_since is not None or not self._is_known(series):
            return False
        return self._now >= self._silent_at(series) + self._late * SECOND

    def _silent(self, series: Series, since: int) -> Finding:
        series.silent_since = since
        due = (since + self._most(series)) * SECOND
        return finding_of(self.tenant, series, Conclusion(SILENT, since, due, self._rate(series, since)))

    def _speaks(self, series: Series, since: int, again: int) -> Finding:
        series.silent_since = None
        facts = {**self._rate(series, since), "again": to_text(again * SECOND), "silent_seconds": again - since}
        return finding_of(self.tenant, series, Conclusion(SPEAKS, since, again * SECOND, facts))

    def _rate(self, series: Series, since: int) -> dict[str, object]:
        return {
            "since": to_text(since * SECOND),
            "usual_count": usual(series.past),
            "window_seconds": self._width,
            "usual_gap_seconds": series.usual_gap(),
        }

    def _is_known(self, series: Series) -> bool:
        """Whether it is known well enough to be missed, and is to be."""
        known = len(series.past) >= self._settings.learn_windows
        return known and not series.is_rule and series.subject not in self._settings.unwatched

    def _most(self, series: Series) -> int:
        """Return the shortest pause, in seconds, that is a silence."""
        return max(self._settings.silence_seconds, round(self._settings.silence_gaps * series.usual_gap()))

    def _silent_at(self, series: Series) -> int:
        return (series.last + self._most(series)) * SECOND
