"""kill -9 at every labelled point of a write: nothing that was acknowledged is lost, nothing is doubled."""

import signal
from pathlib import Path

import pytest

from runtime.failpoints import LABELS
from tests.chaos.log.child import BATCH
from tests.chaos.log.processes import run
from tests.contract.log_adapters import SHARED, Adapter, content, finding

POINTS = [label for label in LABELS if label.startswith("log.")]
COUNT = 8 * BATCH
EVERYTHING = [str(number) for number in range(COUNT)]

pytestmark = [
    pytest.mark.parametrize("adapter", SHARED, ids=str),
    pytest.mark.parametrize("point", POINTS),
]


async def test_an_acknowledged_append_survives_its_writer(adapter: Adapter, tmp_path: Path, point: str) -> None:
    address = adapter.address(tmp_path)
    code, acknowledged = run(address, "produce", COUNT, STANCH_FAILPOINT=f"{point}:4")
    assert code == -signal.SIGKILL
    async with adapter.open(tmp_path) as log:
        there = await content(log, "findings")
    assert len(acknowledged) == 3
    assert there == EVERYTHING[: len(there)], "a batch is there whole or not at all"
    assert len(there) in {3 * BATCH, 4 * BATCH}
    assert run(address, "produce", COUNT)[0] == 0
    async with adapter.open(tmp_path) as log:
        assert await content(log, "findings") == EVERYTHING


async def test_an_owners_work_is_done_exactly_once(adapter: Adapter, tmp_path: Path, point: str) -> None:
    address = adapter.address(tmp_path)
    async with adapter.open(tmp_path) as log:
        await log.append([finding(text) for text in EVERYTHING])
    assert run(address, "decide", STANCH_FAILPOINT=f"{point}:4")[0] == -signal.SIGKILL
    async with adapter.open(tmp_path) as log:
        before = await content(log, "respond.ledger")
        assert before == EVERYTHING[: len(before)]
        assert 0 < len(before) < COUNT
    assert run(address, "decide")[0] == 0
    async with adapter.open(tmp_path) as log:
        assert await content(log, "respond.ledger") == EVERYTHING
        assert await content(log, "holds") == EVERYTHING


async def test_a_stream_forwards_everything_at_least_once(adapter: Adapter, tmp_path: Path, point: str) -> None:
    address = adapter.address(tmp_path)
    async with adapter.open(tmp_path) as log:
        await log.append([finding(text) for text in EVERYTHING])
    assert run(address, "forward", STANCH_FAILPOINT=f"{point}:4")[0] == -signal.SIGKILL
    assert run(address, "forward")[0] == 0
    async with adapter.open(tmp_path) as log:
        forwarded = await content(log, "holds")
    assert list(dict.fromkeys(forwarded)) == EVERYTHING
