"""Says it where memory is short: a metric, and a warning each time that one sees less far back than ever."""

from collections.abc import Callable
from typing import Final

import structlog

from runtime.metrics import process_metrics

ENOUGH_MINUTES: Final = 60
_log = structlog.get_logger("correlate")


def telling(service: str) -> Callable[[int], None]:
    """Return what is told how many minutes back the graph still sees."""
    fewest = ENOUGH_MINUTES

    def short(minutes: int) -> None:
        nonlocal fewest
        process_metrics().set("stanch_correlate_reach_seconds", 60 * minutes, service=service)
        if minutes < fewest:
            fewest = minutes
            cure = "raise correlate.most_entries, or add another member"
            _log.warning("memory is full: older facts are forgotten", minutes_kept=minutes, cure=cure)

    return short
