"""Short intrusions between everyday traffic, and when the lab was called to contain them."""

import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

import httpx

from benchmarks._bare import CONTROLLED
from benchmarks._rates import percentile
from runtime.clock import WallClock
from schemas.times import SECOND
from tests.e2e.intrusions import Intrusion
from tests.e2e.processes import Home, tenant_file

TENANTS: Final = ("acme", "bolt", "crux", "dune")
GAP_SECONDS: Final = 0.5
WARM_UP_SECONDS: Final = 5.0
MAKING_SECONDS: Final = 0.05
HEAD: Final = f"{'milliseconds':<36}{'n':>5}{'p50':>8}{'p99':>8}{'max':>8}{'< 1 s':>8}{'/control':>10}"

Plan = Sequence[tuple[float, Intrusion, bytes]]
"""Seconds from now, the intrusion, its records."""


def variable(slug: str) -> str:
    """Return the name of the variable with the tenant's token."""
    return f"TOKEN_OF_{slug.upper()}"


def armed_home(home: Home, products: str, more: str = "", settings: str = "") -> None:
    """Configure all tenants, armed against the lab."""
    home.configure({slug: tenant_file(products, variable(slug), more) for slug in TENANTS}, settings)


def intrusions(count: int, first: int = 0) -> list[Intrusion]:
    """Return ``count`` intrusions, the tenants in turn."""
    return [Intrusion(number, TENANTS[number % len(TENANTS)]) for number in range(first, first + count)]


def planned(attacks: Sequence[Intrusion], gap_seconds: float = GAP_SECONDS) -> Plan:
    """Return when each is to be sent, in seconds from now, and what; made before, so that nothing holds up the sender."""
    dice, at, begin = Random(7), WARM_UP_SECONDS + len(attacks) * MAKING_SECONDS, WallClock().now()
    plan = []
    for attack in attacks:
        plan.append((at, attack, attack.records(begin + int(at * SECOND))))
        at += 2 * gap_seconds * dice.random()
    return [(at - (WallClock().now() - begin) / SECOND, attack, records) for at, attack, records in plan]


def enrol(products: str, attacks: Sequence[Intrusion]) -> None:
    """Make the lab know whom they take."""
    hosts = [{"name": one.host, "domain": "corp.example"} for one in attacks]
    accounts = [{"name": one.account, "dns_domain": "corp.example"} for one in attacks]
    for path, body in (("hosts", hosts), ("accounts", accounts)):
        httpx.post(f"{products}/lab/{path}", json=body, timeout=30).raise_for_status()


def settled(products: str, attacks: Sequence[Intrusion], seconds: float) -> None:
    """Wait until everything is contained, or has had time enough."""
    wanted = {name for one in attacks for name in (one.host, one.account, *one.addresses)}
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        rows = httpx.get(f"{products}/lab/transitions", timeout=30).json()
        if wanted <= {row["target"] for row in rows}:
            return
        time.sleep(1)


def dispatched(products: str) -> Mapping[str, Sequence[int]]:
    """Return when the lab accepted the containment of each target."""
    rows = httpx.get(f"{products}/lab/transitions", timeout=30).json()
    return {row["target"]: row["times"] for row in rows if row["direction"] == "apply" and row["target"] != CONTROLLED}


def latencies(
    contained: Mapping[str, Sequence[int]], start: Mapping[int, float], targets: Sequence[tuple[str, int]]
) -> list[float]:
    """Return the milliseconds from ``start`` of an intrusion to the first containment of each target of its."""
    return [contained[target][0] - start[number] for target, number in targets if target in contained]


def report(
    contained: Mapping[str, Sequence[int]],
    attacks: Sequence[Intrusion],
    starts: Mapping[str, Mapping[int, float]],
    control: float,
) -> None:
    """Print the rows of each kind of containment, from each of the ``starts``."""
    for what, start in starts.items():
        accounts = latencies(contained, start, [(one.account, one.number) for one in attacks])
        hosts = latencies(contained, start, [(one.host, one.number) for one in attacks])
        row(f"account disabled, after {what}", accounts, control)
        row(f"host isolated, after {what}", hosts, control)
        row(f"containment, after {what}", [*accounts, *hosts], control)
    addresses = [(address, one.number) for one in attacks for address in one.addresses]
    first, start = next(iter(starts.items()))
    row(f"address blocked (waits 2 s), after {first}", latencies(contained, start, addresses), control)
    print(f"contained more than once: {sum(len(times) > 1 for times in contained.values())}")


def row(what: str, times: Sequence[float], control: float) -> None:
    """Print one row."""
    if times:
        p50, p99 = percentile(times, 50), percentile(times, 99)
        quick = sum(one < 1000 for one in times) / len(times)
        print(f"{what:<36}{len(times):>5}{p50:>8.0f}{p99:>8.0f}{max(times):>8.0f}{quick:>8.1%}{p50 / control:>10.1f}")
