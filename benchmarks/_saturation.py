"""The highest rate at which no service falls behind."""

import asyncio
import time
from typing import Final

from benchmarks._fleet import Fleet
from benchmarks._lag import Lag, lagging
from benchmarks._publishing import Publisher, publisher, spent
from benchmarks._rates import load

WARM_UP: Final = 2_000
BURST_SECONDS: Final = 5.0
RUN_SECONDS: Final = 10.0
BEHIND_SECONDS: Final = 1.0
STEPS: Final = 3
PATIENCE_SECONDS: Final = 120.0


async def saturation(found: Fleet, what: str) -> float:
    """Print and return it, in events per second: a run at that rate is over a second after its last record."""
    async with publisher(found.address) as publishing, lagging(found.address) as lag:
        await publishing.burst(WARM_UP)
        await drained(lag)
        pace = await _drain_rate(found, lag, publishing)
        low, high = 0.0, 1.6 * pace
        rate = 0.9 * pace
        for _ in range(STEPS):
            low, high = (rate, high) if await _is_sustained(lag, publishing, rate) else (low, rate)
            rate = (low + high) / 2 if low else 0.7 * high
    print(f"{what}: kept up with {low:.0f}, fell behind at {high:.0f} everyday events/s, {load()}")
    return low


async def _drain_rate(found: Fleet, lag: Lag, publishing: Publisher) -> float:
    """Publish more and more at once, until it takes some seconds to handle; return how many per second that was."""
    amount = WARM_UP
    while True:
        before, started = found.cpu_seconds(), time.perf_counter()
        await publishing.burst(amount)
        await drained(lag)
        seconds = time.perf_counter() - started
        if seconds >= BURST_SECONDS / 2:
            break
        amount = int(amount * min(8.0, BURST_SECONDS / seconds))
    print(f"  a burst of {amount} took {seconds:.1f} s: {amount / seconds:.0f} events/s")
    print(f"  {spent(before, found.cpu_seconds(), amount)}")
    return amount / seconds


async def _is_sustained(lag: Lag, publishing: Publisher, rate: float) -> bool:
    publishing.late = 0.0
    await publishing.traffic(rate, RUN_SECONDS)
    behind = await lag.all()
    over = await drained(lag)
    worst = max(behind, key=lambda name: behind[name])
    print(
        f"  {rate:.0f}/s for {RUN_SECONDS:.0f} s: over after {over:.1f} s, {worst} {behind[worst]} behind;"
        f" the sender was late by {publishing.late:.1f} s at most",
        flush=True,
    )
    return over <= BEHIND_SECONDS


async def drained(lag: Lag) -> float:
    """Wait until everything is handled; return how many seconds that took."""
    started = time.perf_counter()
    while any((await lag.all()).values()):
        if time.perf_counter() - started > PATIENCE_SECONDS:
            raise TimeoutError(f"not drained within {PATIENCE_SECONDS} s: {await lag.all()}")
        await asyncio.sleep(0.05)
    return time.perf_counter() - started
