"""Rates of pure work, side by side: every round runs each piece once, so that what disturbs one disturbs all."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """How much per second of CPU time: the middle of several rounds, and by how much of it they differ."""

    middle: float
    spread: float

    def __str__(self) -> str:
        return f"{self.middle:,.0f} \u00b1{self.spread:.0%}"


def rates(count: int, works: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, Rate]:
    """Return how many of ``count`` things each piece of work does per second of CPU time: the machine may be shared."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            started = time.process_time()
            work()
            seconds[name].append(time.process_time() - started)
    return {name: rate([count / one for one in times]) for name, times in seconds.items()}


def rate(figures: Sequence[float]) -> Rate:
    """Return the middle of ``figures`` and half the distance between the smallest and the largest, as a share of it."""
    middle = median(figures)
    return Rate(middle, (max(figures) - min(figures)) / 2 / middle if middle else 0.0)


def load() -> str:
    """Say how busy the machine is now: runnable processes over the last minute, and how many could run at once."""
    return f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()}"


def percentile(figures: Sequence[float], percent: int) -> float:
    """Return the smallest value that is not exceeded by ``percent`` of them."""
    ordered = sorted(figures)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
