"""Whether a window is unusual, judged by the series' own past: medians, so that single odd windows teach nothing.

A volume is judged in the logarithmic scale: ``log2(1 + count)`` against the median, in robust standard deviations (1.4826
times the median absolute deviation, Rousseeuw and Croux 1993), by a factor, so that a very steady source may still double,
and by what has been seen before, so that a source may have two habits.
"""

from collections.abc import Sequence
from math import log2
from statistics import median
from typing import Final

from services.detect.pulse.core.series import Past
from services.detect.pulse.settings import Settings

_SIGMA: Final = 1.4826


def deviation(total: int, past: Sequence[Past], settings: Settings) -> str:
    """Return ``high``, ``low`` or nothing: how ``total`` differs from the past volumes."""
    if len(past) < settings.learn_windows:
        return ""
    levels = [log2(1 + one.total) for one in past]
    middle = median(levels)
    spread = _SIGMA * median([abs(level - middle) for level in levels])
    distance = log2(1 + total) - middle
    if abs(distance) <= max(settings.volume_deviations * spread, log2(settings.volume_factor)):
        return ""
    if _is_seen_before(distance, [level - middle for level in levels]):
        return ""
    if distance > 0:
        return "high" if total >= settings.volume_least else ""
    return "low" if usual(past) >= settings.volume_least else ""


def _is_seen_before(distance: float, past: Sequence[float]) -> bool:
    """Whether a tenth of the past lay as far off: a source of two habits has no middle that the median could find."""
    half = distance / 2
    return sum(one >= half if distance > 0 else one <= half for one in past) * 10 >= len(past)


def is_failing(now: Past, past: Sequence[Past], age: int, settings: Settings) -> bool:
    """Whether far more of the records than usual ended as dead letters; ``age`` counts the windows watched so far."""
    if age < settings.learn_windows or now.bad < settings.dead_letters_least:
        return False
    before = _median_share([one.bad / one.whole for one in past if one.whole], settings)
    share = now.bad / now.whole
    return share - before >= settings.dead_letter_share and share >= settings.volume_factor * before


def is_noisy(now: Past, past: Sequence[Past], age: int, settings: Settings) -> bool:
    """Whether a rule's part of the tenant's findings is far above its own past; a rule that was quiet had none."""
    if age < settings.learn_windows or now.total < settings.noisy_least:
        return False
    before = _median_share([one.total / one.whole for one in past if one.whole], settings)
    counts = _padded([float(one.total) for one in past], settings)
    grown = now.total / now.whole - before >= settings.noisy_share
    return grown and now.total >= settings.noisy_factor * median(counts)


def usual(past: Sequence[Past]) -> int:
    """Return how much is usual in a window that has something in it."""
    return round(median([one.total for one in past])) if past else 0


def _median_share(shares: list[float], settings: Settings) -> float:
    return median(_padded(shares, settings))


def _padded(values: list[float], settings: Settings) -> list[float]:
    """Return ``values`` with zeros for a series that is younger than the watch."""
    return values + [0.0] * (settings.learn_windows - len(values))
