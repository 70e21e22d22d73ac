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
from benchmarks._traffic import Everyday
from lab.world import SECRET
from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from runtime.log import Message
from schemas.times import MINUTE, SECOND, to_text
from schemas.topics import DECISIONS
from tests.e2e.intrusions import Intrusion
from tests.e2e.processes import Home, Up, lab, tenant_file

TENANTS: Final = ("acme", "bolt", "crux", "dune")
INTRUSIONS: Final = 120
EVENTS_PER_SECOND: Final = 500
BATCH: Final = 25
GAP_SECONDS: Final = 0.5
WARM_UP_SECONDS: Final = 5.0
MAKING_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 20.0
CONTROLLED: Final = "192.0.2.1"


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
        attacks = [Intrusion(number, TENANTS[number % len(TENANTS)]) for number in range(INTRUSIONS)]
        with home.up() as up:
            run = asyncio.run(_measure(up, products, attacks, Path(folder)))
            up.stop()
        dispatched = _dispatched(products)
        _report(run, dispatched, attacks)
        _report_stages(run, home.state / "log.sqlite3", dispatched, attacks)


def _variable(slug: str) -> str:
    return f"TOKEN_OF_{slug.upper()}"


async def _measure(up: Up, products: str, attacks: Sequence[Intrusion], folder: Path) -> Run:
    run = Run()
    async with httpx.AsyncClient(timeout=30) as client:
        await _enrol(client, products, attacks)
        plan = _planned(attacks)
        noise = asyncio.create_task(_noise(client, up.address, run))
        control = asyncio.create_task(_control(client, products, folder / "control.sqlite3", run))
        await _attack(client, up.address, plan, run)
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


def _planned(attacks: Sequence[Intrusion]) -> list[tuple[float, Intrusion, bytes]]:
    """Return when each is to be sent, in seconds from now, and what; made before, so that nothing holds up the sender."""
    dice, at, begin = Random(7), WARM_UP_SECONDS + len(attacks) * MAKING_SECONDS, WallClock().now()
    plan = []
    for attack in attacks:
        plan.append((at, attack, attack.records(begin + int(at * SECOND))))
        at += 2 * GAP_SECONDS * dice.random()
    return [(at - (WallClock().now() - begin) / SECOND, attack, records) for at, attack, records in plan]


async def _attack(
    client: httpx.AsyncClient, door: str, plan: Sequence[tuple[float, Intrusion, bytes]], run: Run
) -> None:
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


async def _settled(client: httpx.AsyncClient, products: str, attacks: Sequence[Intrusion]) -> None:
    """Wait until everything is contained, or has had time enough."""
    wanted = {name for one in attacks for name in (one.host, one.account, *one.addresses)}
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
            address = f"{products}/firewall/v1/addresses/{CONTROLLED}"
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
    return {row["target"]: row["times"] for row in rows if row["direction"] == "apply" and row["target"] != CONTROLLED}


def _report(run: Run, dispatched: Mapping[str, Sequence[int]], attacks: Sequence[Intrusion]) -> None:
    rate = run.background / run.seconds
    print(
        f"{len(attacks)} intrusions over {len(TENANTS)} tenants, {rate:.0f} everyday events/s for {run.seconds:.0f} s"
    )
    print(f"{'milliseconds':<36}{'n':>5}{'p50':>8}{'p99':>8}{'max':>8}{'< 1 s':>8}{'/control':>10}")
    control = _percentile(run.control, 50)
    _row("control: append, poll, call", run.control, control)
    for what, start in (("202", run.accepted), ("request sent", run.sent)):
        accounts = _latencies(dispatched, start, [(one.account, one.number) for one in attacks])
        hosts = _latencies(dispatched, start, [(one.host, one.number) for one in attacks])
        _row(f"account disabled, after {what}", accounts, control)
        _row(f"host isolated, after {what}", hosts, control)
        _row(f"containment, after {what}", [*accounts, *hosts], control)
    addresses = [(address, one.number) for one in attacks for address in one.addresses]
    _row("address blocked (waits 2 s), after 202", _latencies(dispatched, run.accepted, addresses), control)
    print(f"contained more than once: {sum(len(times) > 1 for times in dispatched.values())}")


def _latencies(
    dispatched: Mapping[str, Sequence[int]], start: Mapping[int, float], targets: Sequence[tuple[str, int]]
) -> list[float]:
    return [dispatched[target][0] - start[number] for target, number in targets if target in dispatched]


def _report_stages(run: Run, log: Path, dispatched: Mapping[str, Sequence[int]], attacks: Sequence[Intrusion]) -> None:
    found = stages(log, {f"intrusion-{one.number}": one.account for one in attacks})
    print("account disabled: when each stage stood in the log, after the request was sent")
    for stage in STAGES:
        times = [at - run.sent[one.number] for one in attacks if (at := found[f"intrusion-{one.number}"].get(stage))]
        _row(f"  {stage}", times, _percentile(run.control, 50))
    targets = [(one.account, one.number) for one in attacks]
    _row("  call", _latencies(dispatched, run.sent, targets), _percentile(run.control, 50))


def _row(what: str, times: Sequence[float], control: float) -> None:
    if times:
        p50, p99 = _percentile(times, 50), _percentile(times, 99)
        quick = sum(one < 1000 for one in times) / len(times)
        print(f"{what:<36}{len(times):>5}{p50:>8.0f}{p99:>8.0f}{max(times):>8.0f}{quick:>8.1%}{p50 / control:>10.1f}")


def _percentile(times: Sequence[float], percent: int) -> float:
    """Return the smallest value that is not exceeded by ``percent`` of them."""
    ordered = sorted(times)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
