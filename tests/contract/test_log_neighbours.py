"""The log between processes: what one appends, the others are woken by."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.chaos.log.processes import start
from tests.contract.log_adapters import SHARED, Adapter, drain, finding, ignore, open_log, texts

NOTICED_SECONDS = 0.2

pytestmark = pytest.mark.parametrize("adapter", SHARED, ids=str)


async def test_another_processes_append_wakes_a_waiting_poll(adapter: Adapter, tmp_path: Path) -> None:
    async with (
        adapter.open(tmp_path) as log,
        log.subscribe("g", ["findings"], ignore, ignore) as subscription,
    ):
        child = await asyncio.to_thread(start, adapter.address(tmp_path), "produce", 20)
        got = await drain(subscription, 20)
        await asyncio.to_thread(child.communicate)
    assert texts(got) == [str(number) for number in range(20)]
    assert child.returncode == 0


async def test_it_is_noticed_within_a_fifth_of_a_second(adapter: Adapter, tmp_path: Path) -> None:
    """The bound is of the log, not of a busy machine: the quickest of a few must keep it."""
    other = open_log(adapter.address(tmp_path))
    delays = []
    async with (
        adapter.open(tmp_path) as log,
        log.subscribe("g", ["findings"], ignore, ignore) as subscription,
    ):
        for number in range(5):
            waiting = asyncio.create_task(drain(subscription, 1))
            await asyncio.sleep(0)
            await other.append([finding(str(number))])
            began = time.monotonic()
            await waiting
            delays.append(time.monotonic() - began)
    await other.close()
    assert min(delays) < NOTICED_SECONDS
