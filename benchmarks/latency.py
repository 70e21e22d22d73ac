"""How long it takes from the acceptance of the telling records to the call that contains, under everyday load.

`stanch up` runs as a process of its own on a file-based log, the lab's products in a second one without rate limits; this
one sends 500 everyday events per second for several tenants, and between them short intrusions of which each costs one
machine and one account of its own. The lab's own clock says when a call arrived. Beside it, all the time and on the same
disk, goes a control: one append, one poll, one HTTP call.
"""

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from benchmarks import _intruding as intruding
from benchmarks._bare import call
from benchmarks._intruding import GAP_SECONDS, HEAD, TENANTS, Plan
from benchmarks._rates import load, percentile
from benchmarks._stages import STAGES, note, place, trace, whole
from benchmarks._traffic import Everyday
from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from runtime.log import Message
from schemas.topics import DECISIONS, records_of
from tests.e2e.intrusions import Intrusion
from tests.e2e.processes import Home, Up, lab

INTRUSIONS: Final = 120
EVENTS_PER_SECOND: Final = 500
BATCH: Final = 25
PATIENCE_SECONDS: Final = 20.0
_KEY: Final = re.compile(r"http-key:\d+:(intrusion-\d+):\d+")


@dataclass
class Run:
    """What one run saw. Times of requests are epoch milliseconds: when sending began, and when 202 was read."""

    sent: dict[int, float] = field(default_factory=dict)
    accepted: dict[int, float] = field(default_factory=dict)
    background: int = 0
    seconds: float = 0.0
    control: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and print the tables."""
    with tempfile.TemporaryDirectory() as folder, lab() as products:
        home = Home(Path(folder), {intruding.variable(slug): f"{slug}-token" for slug in TENANTS})
        intruding.armed_home(home, products)
        attacks = intruding.intrusions(INTRUSIONS)
        intruding.enrol(products, attacks)
        with home.up() as up:
            run = asyncio.run(_measure(up, products, attacks, Path(folder)))
            up.stop()
        contained = intruding.dispatched(products)
        _report(run, contained, attacks)
        asyncio.run(_report_stages(run, home.state / "log.sqlite3", contained, attacks))


async def _measure(up: Up, products: str, attacks: Sequence[Intrusion], folder: Path) -> Run:
    run = Run()
    async with httpx.AsyncClient(timeout=30) as client:
        plan = intruding.planned(attacks)
        noise = asyncio.create_task(_noise(client, up.address, run))
        control = asyncio.create_task(_control(client, products, folder / "control.sqlite3", run))
        await _attack(client, up.address, plan, run)
        await asyncio.to_thread(intruding.settled, products, attacks, PATIENCE_SECONDS)
        for task in (noise, control):
            task.cancel()
        await asyncio.gather(noise, control, return_exceptions=True)
    return run


async def _noise(client: httpx.AsyncClient, door: str, run: Run) -> None:
    """Send everyday events at a steady rate, the tenants in turn, whether or not the last ones have been taken."""
    companies = [Everyday(seed, 3) for seed, _ in enumerate(TENANTS, 1)]
    began, number = time.perf_counter(), 0
    async with asyncio.TaskGroup() as group:
        while True:
            records = companies[number % len(TENANTS)].records(BATCH, WallClock().now())
            group.create_task(_one_batch(client, door, records, number, run))
            number += 1
            run.seconds = time.perf_counter() - began
            await asyncio.sleep(max(0.0, number * BATCH / EVENTS_PER_SECOND - run.seconds))


async def _one_batch(client: httpx.AsyncClient, door: str, records: bytes, number: int, run: Run) -> None:
    await _post(client, door, TENANTS[number % len(TENANTS)], records, f"everyday-{number}")
    run.background += BATCH


async def _attack(client: httpx.AsyncClient, door: str, plan: Plan, run: Run) -> None:
    began = time.perf_counter()
    for at, attack, records in plan:
        await asyncio.sleep(max(0.0, at - (time.perf_counter() - began)))
        run.sent[attack.number] = time.time() * 1000
        await _post(client, door, attack.tenant, records, f"intrusion-{attack.number}")
        run.accepted[attack.number] = time.time() * 1000


async def _post(client: httpx.AsyncClient, door: str, slug: str, records: bytes, key: str) -> None:
    headers = {"Authorization": f"Bearer {slug}-token", "Idempotency-Key": key}
    answer = await client.post(f"{door}/v1/records", content=records, headers=headers)
    answer.raise_for_status()


async def _control(client: httpx.AsyncClient, products: str, path: Path, run: Run) -> None:
    """Do again and again what no containment can do without: be made durable, be read, be called."""
    async with _bare_log(path) as log, log.subscribe("control", (DECISIONS.name,), _ignore, _ignore) as subscription:
        number = 0
        while True:
            started = time.perf_counter()
            await log.append([Message(DECISIONS.name, "control", f"7:control|{number}", b"{}")])
            (received,) = await subscription.poll(1, 5.0)
            await subscription.commit({received.place: received.offset + 1})
            await call(client, products)
            run.control.append((time.perf_counter() - started) * 1000)
            number += 1
            await asyncio.sleep(GAP_SECONDS)


@asynccontextmanager
async def _bare_log(path: Path) -> AsyncIterator[EmbeddedLog]:
    log = EmbeddedLog(path, WallClock())
    try:
        yield log
    finally:
        await log.close()


async def _ignore(partitions: frozenset[int]) -> None:
    """Nothing is kept per partition."""


def _report(run: Run, contained: Mapping[str, Sequence[int]], attacks: Sequence[Intrusion]) -> None:
    rate = run.background / run.seconds
    print(
        f"{len(attacks)} intrusions over {len(TENANTS)} tenants, {rate:.0f} everyday events/s for {run.seconds:.0f} s, {load()}"
    )
    print(HEAD)
    control = percentile(run.control, 50)
    intruding.row("control: append, poll, call", run.control, control)
    intruding.report(contained, attacks, {"202": run.accepted, "request sent": run.sent}, control)


async def _report_stages(
    run: Run, path: Path, contained: Mapping[str, Sequence[int]], attacks: Sequence[Intrusion]
) -> None:
    async with _bare_log(path) as log:
        found = await _stages(log, {f"intrusion-{one.number}": one.account for one in attacks})
    print("account disabled: when each stage stood in the log, after the request was sent")
    control = percentile(run.control, 50)
    for stage in STAGES:
        times = [at - run.sent[one.number] for one in attacks if (at := found[f"intrusion-{one.number}"].get(stage))]
        intruding.row(f"  {stage}", times, control)
    targets = [(one.account, one.number) for one in attacks]
    intruding.row("  call", intruding.latencies(contained, run.sent, targets), control)


async def _stages(log: EmbeddedLog, accounts: Mapping[str, str]) -> Mapping[str, Mapping[str, int]]:
    records = [one for slug in TENANTS for one in await whole(log, records_of(slug))]
    keyed = [(one, match[1]) for one in records if (match := _KEY.match(one.headers.get("position", "")))]
    found = await trace(log, {place(one): key for one, key in keyed}, accounts)
    note(found, "records", ((key, one.at) for one, key in keyed))
    return found
