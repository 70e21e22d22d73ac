"""How long it takes on Kafka from a record to the call that contains, every service a process of its own; and how much they take.

The broker, the lab, the six services and the sender are nine processes on one machine. The sender publishes everyday records
to `records.<tenant>` at a steady rate and short intrusions between them, of which each costs one machine and one account of its own.
A latency begins at the broker's own timestamp of the intrusion's last record and ends when the lab accepted the call. Beside
it, all the time, goes a control: one record produced, read and committed by a bare client, one HTTP call.

Then the saturation: the highest rate at which no group falls behind, by bisection.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import _intruding as intruding
from benchmarks._bare import hopping
from benchmarks._deployed import deployed
from benchmarks._fleet import BrokerAt, Fleet, a_broker
from benchmarks._intruding import HEAD, TENANTS
from benchmarks._lanes import SIGMA_HQ, has_sigma_hq
from benchmarks._publishing import Publisher, publisher, spent
from benchmarks._rates import load, percentile
from benchmarks._saturation import saturation
from benchmarks._stages import STAGES, trace
from runtime.clock import WallClock
from runtime.log_address import KafkaAddress
from tests.e2e.intrusions import Intrusion
from tests.servers.kafka import Unobtainable

RUNS: Final = ((500, 2.0, 100), (500, 0.5, 60), (5_000, 2.0, 30))
"""Everyday events per second, seconds between two intrusions on the average, and how many. An intrusion costs four containments."""
PATIENCE_SECONDS: Final = 20.0


def main() -> None:
    """Measure and print the tables."""
    try:
        with a_broker() as broker, tempfile.TemporaryDirectory() as folder:
            print(f"broker: {broker.what}")
            for number, (rate, gap, amount) in enumerate(RUNS):
                with deployed(broker, f"latency-{number}", Path(folder) / str(number)) as (found, products):
                    asyncio.run(_latency(found, products, rate, gap, amount))
            _saturate(broker, Path(folder) / "ours", "our starter rules", "")
            if has_sigma_hq():
                folders = ", ".join(str(folder) for folder in SIGMA_HQ)
                _saturate(broker, Path(folder) / "all", "SigmaHQ's rules and ours", f"match: {{rules: [{folders}]}}\n")
    except Unobtainable as error:
        print(f"skipped: {error}")


def _saturate(broker: BrokerAt, folder: Path, rules: str, settings: str) -> None:
    with deployed(broker, f"limit-{folder.name}", folder, settings=settings) as (found, _):
        asyncio.run(saturation(found, rules))


async def _latency(found: Fleet, products: str, rate: float, gap: float, amount: int) -> None:
    attacks = intruding.intrusions(amount)
    intruding.enrol(products, attacks)
    topic = f"{found.address.prefix}control"
    async with publisher(found.address) as publishing, hopping(found.address.bootstrap, topic, products) as control:
        before = found.cpu_seconds()
        plan = intruding.planned(attacks, gap)
        noise = asyncio.create_task(publishing.traffic(rate))
        await publishing.attack(plan)
        after, told = found.cpu_seconds(), publishing.everyday
        await asyncio.to_thread(intruding.settled, products, attacks, PATIENCE_SECONDS)
        noise.cancel()
        await asyncio.gather(noise, return_exceptions=True)
    _report(rate, publishing, products, attacks, control)
    print(spent(before, after, told))
    await _report_stages(found.address, publishing, products, attacks, percentile(control, 50))


def _report(
    rate: float, publishing: Publisher, products: str, attacks: Sequence[Intrusion], control: Sequence[float]
) -> None:
    contained = intruding.dispatched(products)
    real = publishing.everyday / publishing.seconds
    print(
        f"\n{len(attacks)} intrusions over {len(TENANTS)} tenants, {real:.0f} everyday events/s ({rate} wanted) for"
        f" {publishing.seconds:.0f} s, {load()}"
    )
    print(HEAD)
    p50 = percentile(control, 50)
    intruding.row("control: one hop, one call", control, p50)
    intruding.report(contained, attacks, {"record on Kafka": publishing.accepted}, p50)


async def _report_stages(
    address: KafkaAddress, publishing: Publisher, products: str, attacks: Sequence[Intrusion], control: float
) -> None:
    log = address.open(WallClock())
    try:
        found = await trace(log, publishing.requests, {f"intrusion-{one.number}": one.account for one in attacks})
    finally:
        await log.close()
    print("account disabled: when each stage was written, after the record stood on Kafka")
    for stage in STAGES[1:]:
        pairs = [(found[f"intrusion-{one.number}"].get(stage), publishing.accepted[one.number]) for one in attacks]
        intruding.row(f"  {stage}", [at - start for at, start in pairs if at], control)
    targets = [(one.account, one.number) for one in attacks]
    intruding.row("  call", intruding.latencies(intruding.dispatched(products), publishing.accepted, targets), control)
