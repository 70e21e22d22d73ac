"""Metrics: one closed list of names, each with its meaning, on a registry of one's own."""

from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest

from runtime.metrics import MEANINGS, CounterName, GaugeName, HistogramName, Metrics
from runtime.stream import StreamWorker
from tests.unit.runtime.toy import deployed, memory_log, quiet_delivery, said, toy_worker

NAMES = {*get_args(CounterName), *get_args(GaugeName), *get_args(HistogramName)}


def test_every_name_has_a_meaning_and_every_meaning_a_name() -> None:
    assert set(MEANINGS) == NAMES
    assert all(meaning.text for meaning in MEANINGS.values())


def test_names_say_what_they_are() -> None:
    assert all(name.startswith("stanch_") for name in NAMES)
    assert all(name.endswith("_total") for name in get_args(CounterName))
    assert all(name.endswith("_seconds") for name in get_args(HistogramName))


def test_registries_are_apart() -> None:
    first, second = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    first.count("stanch_retries_total", 3, service="ingest")
    first.set("stanch_lag_seconds", 1.5, service="ingest", topic="events")
    first.observe("stanch_commit_seconds", 0.2, service="ingest")
    assert b'stanch_retries_total{service="ingest"} 3.0' in generate_latest(first.registry)
    assert b"stanch_retries_total{" not in generate_latest(second.registry)


async def test_the_runners_count_what_they_do() -> None:
    log, delivery = memory_log(), quiet_delivery()
    await log.append([said(add=1), said(bad=1)])
    ledger = toy_worker(deployed(log), delivery=delivery)
    stream = StreamWorker(deployed(log), "archive", ["holds"], lambda *_: (), delivery=delivery)
    for worker in (ledger, stream):
        await worker.start()
        await worker.step(0)
    shown = generate_latest(delivery.metrics.registry).decode()
    for line in (
        'stanch_messages_total{fate="done",service="respond"} 2.0',
        'stanch_messages_total{fate="rejected",service="respond"} 1.0',
        'stanch_dead_letters_total{fate="rejected",service="respond",topic="incidents"} 1.0',
        'stanch_ledger_transitions_total{kind="add",service="respond"} 1.0',
        'stanch_outputs_total{service="respond",topic="holds"} 1.0',
        'stanch_lag_seconds{service="respond",topic="incidents"} 0.0',
        'stanch_ledger_partitions{service="respond"} 1.0',
        'stanch_ledger_replayed_entries{partition="0",service="respond"} 0.0',
    ):
        assert line in shown
    await ledger.stop()
    await stream.stop()
