"""Several writers at once, and a disk that fills up: what was acknowledged is there, and there is nothing half."""

from pathlib import Path

import pytest

from tests.chaos.log.child import DOWN
from tests.chaos.log.processes import run, start
from tests.contract.log_adapters import SHARED, Adapter, content, finding

SHARED_BY_FILE = [adapter for adapter in SHARED if adapter.exclusive]


@pytest.mark.parametrize("adapter", SHARED, ids=str)
async def test_writers_in_three_processes_lose_nothing_and_keep_their_order(adapter: Adapter, tmp_path: Path) -> None:
    children = [start(adapter.address(tmp_path), "race", 60) for _ in range(3)]
    for child in children:
        child.communicate(timeout=60)
    async with adapter.open(tmp_path) as log:
        there = await content(log, "findings")
    for child in children:
        mine = [text.split()[1] for text in there if text.split()[0] == str(child.pid)]
        assert (child.returncode, mine) == (0, [str(number) for number in range(60)])
    assert len(there) == 180


@pytest.mark.parametrize("adapter", SHARED_BY_FILE, ids=str)
async def test_a_disk_that_fills_up_is_said_and_harms_nothing(adapter: Adapter, tmp_path: Path) -> None:
    address = adapter.address(tmp_path)
    code, acknowledged = run(address, "flood", 2_000_000)
    assert (code, len(acknowledged) > 10) == (DOWN, True)
    async with adapter.open(tmp_path) as log:
        there = await content(log, "findings")
        assert there[::2] == acknowledged
        assert all(len(text) == 10_000 for text in there[1::2])
        await log.append([finding("again")])
        assert (await content(log, "findings"))[-1] == "again"
