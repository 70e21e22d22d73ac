"""How long it takes from the acceptance of the telling records to the call that contains, under everyday load.

`stanch up` runs as a process of its own on a file-based log, the lab's products in a second one without rate limits; this
one sends 500 everyday events per second for several tenants, and between them short intrusions of which each costs one
machine and one account of its own. The lab's own clock says when a call arrived. Beside it, all the time and on the same
disk, goes a control: one append, one poll, one HTTP call.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import httpx

from benchmarks._stages import STAGES, stages
from benchmarks._traffic import Everyday, Intrusion, intrusions
from lab.world import SECRET
from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from runtime.log import Message
from schemas.times import MINUTE, to_text
from schemas.topics import DECISIONS
from tests.e2e.processes import Home, Up, lab, tenant_file

TENANTS: Final = ("acme", "bolt", "crux", "dune")
INTRUSIONS: Final = 40
EVENTS_PER_SECOND: Final = 500
BATCH: Final = 25
GAP_SECONDS: Final = 0.25
WARM_UP_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 20.0


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
        home = Home(Path(folder), {_variable(slug): f"{slug}-token" for slug in TENANTS})
        home.configure({slug: tenant_file(products, _variable(slug)) for slug in TENANTS})
        attacks = list(intrusions(TENANTS, INTRUSIONS))
        with home.up() as up:
            run = asyncio.run(_measure(up, products, attacks, Path(folder)))
            up.stop()
        _report(run, _dispatched(products), attacks)
        _report_stages(run, home.state / "log.sqlite3", _dispatched(products), attacks)


def _variable(slug: str) -> str:
    return f"TOKEN_OF_{slug.upper()}"


async def _measure(up: Up, products: str, attacks: Sequence[Intrusion], folder: Path) -> Run:
    run = Run()
    async with httpx.AsyncClient(timeout=30) as client:
        await _enrol(client, products, attacks)
        noise = asyncio.create_task(_noise(client, up.address, run))
        control = asyncio.create_task(_control(client, products, folder / "control.sqlite3", run))
        await asyncio.sleep(WARM_UP_SECONDS)
        await _attack(client, up.address, attacks, run)
        await _settled(client, products, attacks)
        for task in (noise, control):
            task.cancel()
        await asyncio.gather(noise, control, return_exceptions=True)
    return run


async def _enrol(client: httpx.AsyncClient, products: str, attacks: Sequence[Intrusion]) -> None:
    hosts = [{"name": one.host, "domain": "corp.example"} for one in attacks]
    accounts = [{"name": one.account, "dns_domain": "corp.example"} for one in attacks]
    for path, body in (("hosts", hosts), ("accounts", accounts)):
        (await client.post(f"{products}/lab/{path}", json=body)).raise_for_status()


async def _noise(client: httpx.AsyncClient, door: str, run: Run) -> None:
    """Send everyday events at a steady rate, the tenants in turn."""
    companies = [Everyday(seed, 3) for seed, _ in enumerate(TENANTS, 1)]
    began, number = time.perf_counter(), 0
    while True:
        slug, company = TENANTS[number % len(TENANTS)], companies[number % len(TENANTS)]
        await _post(client, door, slug, company.records(BATCH, WallClock().now()), f"everyday-{number}")
        number += 1
        run.background = number * BATCH
        run.seconds = time.perf_counter() - began
        await asyncio.sleep(max(0.0, number * BATCH / EVENTS_PER_SECOND - run.seconds))


async def _attack(client: httpx.AsyncClient, door: str, attacks: Sequence[Intrusion], run: Run) -> None:
    dice = Random(7)
    for attack in attacks:
        records = attack.records(WallClock().now())
        run.sent[attack.number] = time.time() * 1000
        await _post(client, door, attack.tenant, records, f"intrusion-{attack.number}")
        run.accepted[attack.number] = time.time() * 1000
        await asyncio.sleep(2 * GAP_SECONDS * dice.random())


async def _post(client: httpx.AsyncClient, door: str, slug: str, records: bytes, key: str) -> None:
    headers = {"Authorization": f"Bearer {slug}-token", "Idempotency-Key": key}
    answer = await client.post(f"{door}/v1/records", content=records, headers=headers)
    answer.raise_for_status()


async def _settled(client: httpx.AsyncClient, products: str, attacks: Sequence[Intrusion]) -> None:
    """Wait until everything is contained, or has had time enough."""
    wanted = {name for one in attacks for name in (one.host, one.account)}
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < deadline:
        rows = (await client.get(f"{products}/lab/transitions")).json()
        if wanted <= {row["target"] for row in rows}:
            return
        await asyncio.sleep(1)


async def _control(client: httpx.AsyncClient, products: str, path: Path, run: Run) -> None:
    """Do again and again what no containment can do without: be made durable, be read, be called."""
    async with _bare_log(path) as log, log.subscribe("control", (DECISIONS.name,), _ignore, _ignore) as subscription:
        number = 0
        while True:
            started = time.perf_counter()
            await log.append([Message(DECISIONS.name, "control", f"7:control|{number}", b"{}")])
            (received,) = await subscription.poll(1, 5.0)
            await subscription.commit({received.place: received.offset + 1})
            body = {"expires_at": to_text(WallClock().now() + MINUTE), "comment": "control", "direction": "both"}
            address = f"{products}/firewall/v1/addresses/192.0.2.1"
            await client.put(address, json=body, headers={"Authorization": f"Bearer {SECRET}"})
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


def _dispatched(products: str) -> Mapping[str, Sequence[int]]:
    """Return when the lab accepted the containment of each target."""
    rows = httpx.get(f"{products}/lab/transitions").json()
    return {row["target"]: row["times"] for row in rows if row["direction"] == "apply"}


def _report(run: Run, dispatched: Mapping[str, Sequence[int]], attacks: Sequence[Intrusion]) -> None:
    rate = run.background / run.seconds
    print(f"{len(attacks)} intrusions over {len(TENANTS)} tenants, {rate:.0f} everyday events/s for {run.seconds:.0f} s")
    doubled = sum(len(times) > 1 for target, times in dispatched.items() if target.startswith(("BENCH", "CORP")))
    print(f"{'milliseconds':<34}{'n':>5}{'p50':>8}{'p99':>8}{'max':>8}{'< 1 s':>8}{'p50/ctl':>9}")
    control = _percentile(run.control, 50)
    _row("control: append, poll, call", run.control, control)
    for what, start in (("202", run.accepted), ("request sent", run.sent)):
        accounts = [dispatched[one.account][0] - start[one.number] for one in attacks if one.account in dispatched]
        hosts = [dispatched[one.host][0] - start[one.number] for one in attacks if one.host in dispatched]
        _row(f"account disabled, after {what}", accounts, control)
        _row(f"host isolated, after {what}", hosts, control)
        _row(f"all of them, after {what}", [*accounts, *hosts], control)
    print(f"contained twice: {doubled}")


def _report_stages(
    run: Run, log: Path, dispatched: Mapping[str, Sequence[int]], attacks: Sequence[Intrusion]
) -> None:
    found = stages(log, {f"intrusion-{one.number}": one.account for one in attacks})
    legs: dict[str, list[float]] = {stage: [] for stage in (*STAGES, "call")}
    for one in attacks:
        instants = {**found[f"intrusion-{one.number}"], "call": dispatched.get(one.account, [0])[0]}
        for stage in legs:
            if instants.get(stage):
                legs[stage].append(instants[stage] - run.sent[one.number])
    print("account disabled: when each stage stood in the log, after the request was sent")
    for stage, times in legs.items():
        _row(f"  {stage}", times, _percentile(run.control, 50))


def _row(what: str, times: Sequence[float], control: float) -> None:
    if times:
        p50, p99 = _percentile(times, 50), _percentile(times, 99)
        quick = sum(one < 1000 for one in times) / len(times)
        print(f"{what:<34}{len(times):>5}{p50:>8.0f}{p99:>8.0f}{max(times):>8.0f}{quick:>8.1%}{p50 / control:>9.1f}")


def _percentile(times: Sequence[float], percent: int) -> float:
    """Return the smallest value that is not exceeded by ``percent`` of them."""
    ordered = sorted(times)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
