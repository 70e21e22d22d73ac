"""Every metric of the product: its name, its kind, its meaning. A name that is not here cannot be recorded."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar, cast, get_args

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

CounterName = Literal[
    "stanch_messages_total",
    "stanch_outputs_total",
    "stanch_retries_total",
    "stanch_crashes_total",
    "stanch_dead_letters_total",
    "stanch_ledger_transitions_total",
    "stanch_ledger_actions_total",
    "stanch_ledger_fenced_total",
    "stanch_ledger_faults_total",
]
GaugeName = Literal[
    "stanch_lag_seconds",
    "stanch_ledger_partitions",
    "stanch_ledger_open_actions",
    "stanch_ledger_replay_seconds",
    "stanch_ledger_replayed_entries",
    "stanch_correlate_reach_seconds",
]
HistogramName = Literal["stanch_batch_seconds", "stanch_commit_seconds"]
MetricT = TypeVar("MetricT", Counter, Gauge, Histogram)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a metric says, and by which labels it is told apart."""

    text: str
    labels: tuple[str, ...] = ("service",)


MEANINGS: Mapping[str, Meaning] = {
    "stanch_messages_total": Meaning("messages whose fate is sealed: `done` or the fate of a dead letter", ("service", "fate")),
    "stanch_outputs_total": Meaning("messages that a service published", ("service", "topic")),
    "stanch_retries_total": Meaning("tries that found a dependency down"),
    "stanch_crashes_total": Meaning("times that a service crashed and was started again"),
    "stanch_dead_letters_total": Meaning("messages given up, by fate and origin", ("service", "fate", "topic")),
    "stanch_ledger_transitions_total": Meaning("entries committed to a ledger", ("service", "kind")),
    "stanch_ledger_actions_total": Meaning("actions started after their commit", ("service", "kind")),
    "stanch_ledger_fenced_total": Meaning("partitions lost to a newer owner"),
    "stanch_ledger_faults_total": Meaning("bugs outside of a message: a tick, an action, a snapshot", ("service", "where")),
    "stanch_lag_seconds": Meaning("age of the message that was handled last", ("service", "topic")),
    "stanch_ledger_partitions": Meaning("partitions owned now"),
    "stanch_ledger_open_actions": Meaning("actions under way"),
    "stanch_ledger_replay_seconds": Meaning("how long the last takeover of a partition took", ("service", "partition")),
    "stanch_ledger_replayed_entries": Meaning("entries folded at the last takeover", ("service", "partition")),
    "stanch_correlate_reach_seconds": Meaning("how far back the graph still sees where memory is short"),
    "stanch_batch_seconds": Meaning("time to handle one batch, its commit included"),
    "stanch_commit_seconds": Meaning("time of one transaction of the log"),
}  # fmt: skip


class Metrics:
    """The metrics of one registry; the process's own where none is given."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = REGISTRY if registry is None else registry
        self._counters = {
            name: Counter(name, *_definition(name), registry=self.registry) for name in get_args(CounterName)
        }
        self._gauges = {name: Gauge(name, *_definition(name), registry=self.registry) for name in get_args(GaugeName)}
        self._histograms = {
            name: Histogram(name, *_definition(name), registry=self.registry) for name in get_args(HistogramName)
        }
        self._known: dict[Hashable, Counter | Gauge | Histogram] = {}

    def count(self, name: CounterName, amount: int = 1, **labels: str) -> None:
        """Add ``amount`` to a counter."""
        self._series(self._counters[name], labels).inc(amount)

    def set(self, name: GaugeName, value: float, **labels: str) -> None:
        """Say what a gauge shows now."""
        self._series(self._gauges[name], labels).set(value)

    def observe(self, name: HistogramName, seconds: float, **labels: str) -> None:
        """Add one observation to a histogram."""
        self._series(self._histograms[name], labels).observe(seconds)

    def _series(self, metric: MetricT, labels: Mapping[str, str]) -> MetricT:
        """Return the metric under ``labels``; the library's own search for it costs as much as matching an event."""
        key = (metric, *labels.items())
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = metric.labels(**labels)
        return cast("MetricT", found)


@cache
def process_metrics() -> Metrics:
    """Return the metrics that this process exposes."""
    return Metrics()


def _definition(name: str) -> tuple[str, tuple[str, ...]]:
    meaning = MEANINGS[name]
    return meaning.text, meaning.labels
