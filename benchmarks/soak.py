"""Twenty minutes at half of what the services can take: does memory stay flat, does anything fall behind, are files left open?

``python -m benchmarks.soak [--minutes 20] [--rate EVENTS_PER_SECOND] [--hold-minutes 2]``; without a rate the saturation is
measured first and halved. Not part of ``make bench``. All the time intrusions are contained, released when their short holds
expire, and timed. A sample every ten seconds goes to the standard output; the verdict comes last.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import linear_regression, median
from typing import Final

from benchmarks import _intruding as intruding
from benchmarks._deployed import deployed
from benchmarks._fleet import BrokerAt, Fleet, a_broker, open_files, resident_bytes
from benchmarks._intruding import HEAD
from benchmarks._lag import Lag, lagging
from benchmarks._publishing import Publisher, publisher, spent
from benchmarks._rates import load
from benchmarks._saturation import drained, saturation
from runtime.clock import WallClock
from tests.e2e.intrusions import Intrusion
from tests.servers.kafka import Unobtainable

SAMPLE_SECONDS: Final = 10.0
SETTLING_SHARE: Final = 0.25
"""Of the samples, how many lie in the warm-up: caches fill, the first windows open."""
MEBI: Final = 1024 * 1024
FLAT_MEBI_PER_HOUR: Final = 60.0
"""A slope below this is no leak that one would notice in a day's work."""
BEHIND_SECONDS: Final = 1.0
MORE_FILES: Final = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at every process. ``at`` is seconds since the beginning."""

    at: float
    resident: dict[str, int]
    files: dict[str, int]
    behind: dict[str, int]


def main(arguments: list[str] | None = None) -> int:
    """Run it, print samples and verdict; the exit status is 1 where something grows."""
    options = _options(arguments)
    try:
        with a_broker() as broker, tempfile.TemporaryDirectory() as folder:
            return _run(broker, Path(folder), options)
    except Unobtainable as error:
        print(f"skipped: {error}")
        return 0


def _run(broker: BrokerAt, folder: Path, options: argparse.Namespace) -> int:
    tenant, settings = (
        f"hold_minutes: {options.hold_minutes}\n",
        f"correlate: {{most_entries: {options.most_entries}}}\n",
    )
    with deployed(broker, "soak", folder, tenant=tenant, settings=settings) as (found, products):
        return asyncio.run(_soak(found, products, options))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument(
        "--rate", type=float, default=None, help="everyday events per second; half the saturation unless given"
    )
    parser.add_argument("--gap", type=float, default=10.0, help="seconds between two intrusions")
    parser.add_argument(
        "--most-entries", type=int, default=400_000, help="what correlate may keep; it must be full within the warm-up"
    )
    parser.add_argument("--hold-minutes", type=int, default=2)
    return parser.parse_args(arguments or [])


async def _soak(found: Fleet, products: str, options: argparse.Namespace) -> int:
    rate = options.rate or await saturation(found, "our starter rules") / 2
    amount = int(options.minutes * 60 / options.gap)
    attacks = intruding.intrusions(amount)
    intruding.enrol(products, attacks)
    print(
        f"{rate:.0f} everyday events/s and an intrusion every {options.gap:.0f} s for {options.minutes:.0f} minutes, {load()}"
    )
    async with publisher(found.address) as publishing, lagging(found.address) as lag:
        before = found.cpu_seconds()
        noise = [
            asyncio.create_task(publishing.traffic(rate)),
            asyncio.create_task(_intrude(publishing, attacks, options.gap)),
        ]
        samples = await _watched(found, lag, options.minutes * 60)
        told = publishing.everyday
        for task in noise:
            task.cancel()
        await asyncio.gather(*noise, return_exceptions=True)
        print(f"drained {await drained(lag):.1f} s after the end; {told / (options.minutes * 60):.0f} events/s")
    print(spent(before, found.cpu_seconds(), told))
    _report_latency(products, attacks, publishing)
    return _judge(samples, rate)


async def _intrude(publishing: Publisher, attacks: list[Intrusion], gap: float) -> None:
    began = time.perf_counter()
    for turn, attack in zip(count(1), attacks, strict=False):
        await publishing.attack([(0.0, attack, attack.records(WallClock().now()))])
        await asyncio.sleep(max(0.0, turn * gap - (time.perf_counter() - began)))


async def _watched(found: Fleet, lag: Lag, seconds: float) -> list[Sample]:
    samples: list[Sample] = []
    began = time.perf_counter()
    print(f"{'s':>6}  {'MiB: ' + ' '.join(found.processes()):<75} behind", flush=True)
    while (passed := time.perf_counter() - began) < seconds:
        samples.append(_sample(passed, found, dict(await lag.all())))
        _print(samples[-1])
        await asyncio.sleep(max(0.0, len(samples) * SAMPLE_SECONDS - (time.perf_counter() - began)))
    return samples


def _sample(at: float, found: Fleet, behind: dict[str, int]) -> Sample:
    pids = found.processes()
    resident = {name: resident_bytes(pid) for name, pid in pids.items()}
    return Sample(at, resident, {name: open_files(pid) for name, pid in pids.items()}, behind)


def _print(sample: Sample) -> None:
    sizes = " ".join(f"{size // MEBI:>5}" for size in sample.resident.values())
    behind = " ".join(f"{one:>5}" for one in sample.behind.values())
    print(f"{sample.at:>6.0f}  {sizes}   {behind}   {load()}", flush=True)


def _report_latency(products: str, attacks: list[Intrusion], publishing: Publisher) -> None:
    sent = [one for one in attacks if one.number in publishing.accepted]
    print(HEAD.replace("/control", ""))
    intruding.report(intruding.dispatched(products), sent, {"record on Kafka": publishing.accepted}, float("inf"))


def _judge(samples: list[Sample], rate: float) -> int:
    """Say of each process what grows after the warm-up; return 1 where anything does."""
    late = samples[int(len(samples) * SETTLING_SHARE) :]
    hours = [one.at / 3600 for one in late]
    bad = 0
    print(
        f"{'process':<18}{'MiB at first':>13}{'after warm-up':>14}{'at last':>9}{'MiB per hour':>14}{'files':>12}{'behind, median and most':>26}"
    )
    for name in samples[0].resident:
        sizes = [one.resident[name] / MEBI for one in late]
        slope = linear_regression(hours, sizes).slope
        files = [one.files[name] for one in late]
        behind = [one.behind.get(name, 0) for one in late]
        grows = (
            slope > FLAT_MEBI_PER_HOUR or files[-1] > files[0] + MORE_FILES or median(behind) > BEHIND_SECONDS * rate
        )
        bad += grows
        print(
            f"{name:<18}{samples[0].resident[name] / MEBI:>13.0f}{sizes[0]:>14.0f}{sizes[-1]:>9.0f}{slope:>14.1f}"
            f"{files[0]:>6} ->{files[-1]:>3}{median(behind):>14.0f}{max(behind):>12}  {'GROWS' if grows else 'flat'}"
        )
    return 1 if bad else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever is asked to end ends what it has started
    sys.exit(main(sys.argv[1:]))
