"""Who may write: one owner per partition of a service, all or nothing, and never an earlier one."""

from pathlib import Path

import pytest

from runtime.errors import Fenced
from runtime.log import Message, TopicPartition
from tests.contract.log_adapters import ADAPTERS, SHARED, Adapter, after, content, drain, finding, ignore, open_log

FINDINGS = TopicPartition("findings", 0)
every = pytest.mark.parametrize("adapter", ADAPTERS, ids=str)


def entry(text: str) -> Message:
    return Message("respond.ledger", "acme", "lane", text.encode())


def hold(text: str) -> Message:
    return Message("holds", "acme", text, text.encode())


@every
async def test_a_transaction_binds_entries_outputs_and_offsets(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([finding("a"), finding("b")])
        owner = await log.own("respond", 0)
        async with log.subscribe("respond", ["findings"], ignore, ignore) as subscription:
            await owner.commit([entry("1"), hold("h"), entry("2")], after(await drain(subscription, 1)), "respond")
            assert await subscription.committed(FINDINGS) == 1
        assert await content(log, "respond.ledger") == ["1", "2"]
        assert await content(log, "holds") == ["h"]


@every
async def test_the_older_of_two_owners_is_fenced_and_leaves_no_trace(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([finding("a")])
        older = await log.own("respond", 0)
        await older.commit([entry("older")], {}, "respond")
        newer = await log.own("respond", 0)
        for _ in range(2):
            with pytest.raises(Fenced):
                await older.commit([entry("zombie"), hold("zombie")], {FINDINGS: 1}, "respond")
        await newer.commit([entry("newer")], {}, "respond")
        async with log.subscribe("respond", ["findings"], ignore, ignore) as subscription:
            assert await subscription.committed(FINDINGS) == 0
        assert await content(log, "respond.ledger") == ["older", "newer"]
        assert await content(log, "holds") == []


@every
async def test_owners_of_other_partitions_and_services_are_left_alone(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path, partitions=2) as log:
        owner = await log.own("respond", 0)
        others = [await log.own("respond", 1), await log.own("notify", 0)]
        for mine in (owner, *others):
            await mine.commit([entry("x")], {}, "g")
        assert [owner.partition, *(other.partition for other in others)] == [0, 1, 0]


@every
async def test_epochs_count_the_owners(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        epochs = [(await log.own("respond", 0)).epoch for _ in range(3)]
    assert epochs == sorted(set(epochs))


@pytest.mark.parametrize("adapter", SHARED, ids=str)
async def test_an_owner_from_another_client_is_fenced_too(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as one, adapter.open(tmp_path) as two:
        older = await one.own("respond", 0)
        newer = await two.own("respond", 0)
        with pytest.raises(Fenced):
            await older.commit([entry("zombie")], {}, "respond")
        await newer.commit([entry("newer")], {}, "respond")
        assert await content(one, "respond.ledger") == ["newer"]


@pytest.mark.parametrize("adapter", SHARED, ids=str)
async def test_all_of_it_is_there_after_a_restart(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([finding("a"), finding("b")])
        owner = await log.own("respond", 0)
        await owner.commit([entry("1")], {FINDINGS: 1}, "respond")
    log = open_log(adapter.address(tmp_path))
    again = await log.own("respond", 0)
    assert again.epoch > owner.epoch
    assert await content(log, "respond.ledger") == ["1"]
    async with log.subscribe("respond", ["findings"], ignore, ignore) as subscription:
        assert [message.value for message in await drain(subscription, 1)] == [b"b"]
    await log.close()


@every
async def test_a_large_transaction_arrives_whole_and_in_order(adapter: Adapter, tmp_path: Path) -> None:
    """It is larger than any one request; each message is another size, from nothing to the largest record."""
    sizes = [0, *range(1, 120_000, 997), 1_048_576, 5, 3_000_000, 7]
    entries = [entry(f"{number}:".ljust(size, "x")) for number, size in enumerate(sizes)]
    async with adapter.open(tmp_path) as log:
        owner = await log.own("respond", 0)
        await owner.commit([*entries, hold("h")], {}, "respond")
        await owner.commit([entry("after")], {}, "respond")
        assert await content(log, "respond.ledger") == [*(one.value.decode() for one in entries), "after"]
        assert await content(log, "holds") == ["h"]
