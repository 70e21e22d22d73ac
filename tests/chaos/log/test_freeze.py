"""An owner that is frozen while another takes over, and thawed afterwards: two processes, one truth."""

from pathlib import Path

import pytest

from runtime.errors import Unavailable
from runtime.failpoints import Label
from runtime.log import Message
from tests.chaos.log.child import BATCH, FENCED, SERVICE
from tests.chaos.log.processes import frozen, run, thaw
from tests.contract.log_adapters import SHARED, Adapter, content, finding, open_log

COUNT = 4 * BATCH
EVERYTHING = [str(number) for number in range(COUNT)]
EXCLUSIVE = [adapter for adapter in SHARED if adapter.exclusive]


async def prepared(adapter: Adapter, folder: Path) -> str:
    async with adapter.open(folder) as log:
        await log.append([finding(text) for text in EVERYTHING])
    return adapter.address(folder)


@pytest.mark.parametrize("adapter", SHARED, ids=str)
async def test_an_owner_frozen_between_transactions_is_fenced(adapter: Adapter, tmp_path: Path) -> None:
    """The first two writes of the child take the partition and join the group: it freezes before its second batch."""
    address = await prepared(adapter, tmp_path)
    with frozen(address, "decide", "log.write.before", 4) as older:
        assert run(address, "decide")[0] == 0
        assert thaw(older) == FENCED
    async with adapter.open(tmp_path) as log:
        assert await content(log, "respond.ledger") == EVERYTHING
        assert await content(log, "holds") == EVERYTHING


@pytest.mark.parametrize("adapter", EXCLUSIVE, ids=str)
@pytest.mark.parametrize(
    ("label", "nth"), [("log.write.begun", 4), ("log.write.appended", 2), ("log.write.complete", 4)]
)
async def test_one_frozen_inside_a_write_is_named_with_the_cure(
    adapter: Adapter, tmp_path: Path, label: Label, nth: int
) -> None:
    address = await prepared(adapter, tmp_path)
    log = open_log(address)
    with frozen(address, "decide", label, nth) as older:
        with pytest.raises(Unavailable, match=rf"held by process {older.pid} \(respond.*kill -CONT {older.pid}"):
            await log.own(SERVICE, 0)
        with pytest.raises(Unavailable, match=str(older.pid)):
            await log.append([finding("x")])
        assert await content(log, "respond.ledger") == EVERYTHING[:BATCH], "readers are not held up"
        assert thaw(older) == 0
    await (await log.own(SERVICE, 0)).commit([Message("respond.ledger", "acme", "lane", b"next")], {}, SERVICE)
    assert await content(log, "respond.ledger") == [*EVERYTHING, "next"]
    await log.close()


@pytest.mark.parametrize("adapter", EXCLUSIVE, ids=str)
async def test_killing_the_frozen_one_undoes_its_write_only(adapter: Adapter, tmp_path: Path) -> None:
    address = await prepared(adapter, tmp_path)
    with frozen(address, "decide", "log.write.complete", 4) as older:
        older.kill()
        older.wait()
    async with adapter.open(tmp_path) as log:
        assert await content(log, "respond.ledger") == EVERYTHING[:BATCH]
    assert run(address, "decide")[0] == 0
    async with adapter.open(tmp_path) as log:
        assert await content(log, "respond.ledger") == EVERYTHING


@pytest.mark.parametrize("adapter", EXCLUSIVE, ids=str)
async def test_a_log_opens_while_somebody_is_frozen_inside_a_write(adapter: Adapter, tmp_path: Path) -> None:
    address = await prepared(adapter, tmp_path)
    with frozen(address, "decide", "log.write.complete", 3):
        log = open_log(address)
        assert await content(log, "findings") == EVERYTHING
        with pytest.raises(Unavailable, match="kill -CONT"):
            await log.own(SERVICE, 0)
        await log.close()
