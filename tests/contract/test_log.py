"""What every log promises its readers and writers, whichever adapter is behind the port."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from runtime.clock import VirtualClock
from runtime.errors import Fenced, Oversize, Unavailable
from runtime.log import MAX_MESSAGE_BYTES, Log, Message, Subscription, TopicPartition
from runtime.partitions import partition_of
from tests.contract.log_adapters import (
    ADAPTERS,
    ANSWER_SECONDS,
    BOUNDED,
    Adapter,
    after,
    content,
    drain,
    event,
    fill,
    finding,
    ignore,
    texts,
)

every = pytest.mark.parametrize("adapter", ADAPTERS, ids=str)

FINDINGS = TopicPartition("findings", 0)
Write = Callable[[Log, Subscription, list[Message], dict[TopicPartition, int]], Awaitable[None]]
HUGE = b"x" * (MAX_MESSAGE_BYTES + 1)


@every
async def test_a_message_arrives_as_it_was_sent(adapter: Adapter, tmp_path: Path) -> None:
    sent = Message("findings", "acme", "acme|ü", b"\x00\xff", {"stanch-now": "17", "origin": "ß"})
    async with adapter.open(tmp_path, VirtualClock(1_700_000_000_123)) as log:
        await log.append([sent])
        async with log.subscribe("g", ["findings"], ignore, ignore) as subscription:
            (got,) = await drain(subscription, 1)
    assert (got.topic, got.tenant, got.key, got.value, dict(got.headers)) == (
        sent.topic, sent.tenant, sent.key, sent.value, dict(sent.headers),
    )  # fmt: skip
    assert (got.place, got.at) == (FINDINGS, 1_700_000_000_123)


@every
async def test_order_holds_per_key_over_many_partitions(adapter: Adapter, tmp_path: Path) -> None:
    sent = [event(f"{number}", f"acme|host{number % 7}") for number in range(200)]
    async with adapter.open(tmp_path, partitions=4) as log:
        for start in range(0, 200, 30):
            await log.append(sent[start : start + 30])
        async with log.subscribe("g", ["events"], ignore, ignore) as subscription:
            got = await drain(subscription, 200, limit=11)
    for key in {message.key for message in sent}:
        assert [m.value for m in got if m.key == key] == [m.value for m in sent if m.key == key]
    assert {m.partition for m in got} == {0, 1, 2, 3}
    assert all(m.partition == partition_of(Message(m.topic, m.tenant, m.key, m.value), 4) for m in got)


@every
async def test_a_tenants_messages_share_one_partition_in_every_topic(adapter: Adapter, tmp_path: Path) -> None:
    topics = ("findings", "facts", "respond.ledger", "holds")
    async with adapter.open(tmp_path, partitions=4) as log:
        await log.append([Message(topic, "acme", f"k{n}", b"") for topic in topics for n in range(3)])
        async with log.subscribe("g", topics, ignore, ignore) as subscription:
            got = await drain(subscription, 12)
    assert len({message.partition for message in got}) == 1


@every
async def test_a_group_resumes_after_what_it_committed(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([finding(str(number)) for number in range(10)])
        async with log.subscribe("g", ["findings"], ignore, ignore) as subscription:
            await subscription.commit(after(await drain(subscription, 4)))
            await drain(subscription, 3)
            assert await subscription.committed(FINDINGS) == 4
        async with log.subscribe("g", ["findings"], ignore, ignore) as subscription:
            assert texts(await drain(subscription, 6)) == ["4", "5", "6", "7", "8", "9"]


@every
async def test_groups_do_not_disturb_each_other(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([finding("a"), finding("b")])
        async with (
            log.subscribe("one", ["findings"], ignore, ignore) as one,
            log.subscribe("two", ["findings"], ignore, ignore) as two,
        ):
            await one.commit(after(await drain(one, 2)))
            assert texts(await drain(two, 2)) == ["a", "b"]
            assert await two.committed(FINDINGS) == 0


@every
async def test_a_wildcard_finds_topics_that_come_later(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log, log.subscribe("g", ["records.*"], ignore, ignore) as subscription:
        await log.append([Message("records.acme", "acme", "s", b"1"), finding("not mine")])
        await log.append([Message("records.other", "other", "s", b"2")])
        got = await drain(subscription, 2)
        assert not await subscription.poll(10, 0)
    assert {(message.topic, message.value) for message in got} == {("records.acme", b"1"), ("records.other", b"2")}


@every
async def test_a_waiting_poll_wakes_when_something_is_appended(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log, log.subscribe("g", ["findings"], ignore, ignore) as subscription:
        waiting = asyncio.create_task(subscription.poll(1, 60))
        await asyncio.wait({waiting}, timeout=0.05)
        assert not waiting.done()
        await log.append([finding("late")])
        async with asyncio.timeout(ANSWER_SECONDS):
            assert texts(await waiting) == ["late"]
        assert not await subscription.poll(10, 0.01)


@every
async def test_seek_reads_again_and_keeps_what_is_committed(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([finding(str(number)) for number in range(5)])
        async with log.subscribe("g", ["findings"], ignore, ignore) as subscription:
            await subscription.commit(after(await drain(subscription, 5)))
            await subscription.seek(FINDINGS, 3)
            assert texts(await drain(subscription, 2)) == ["3", "4"]
            assert await subscription.committed(FINDINGS) == 5


@every
async def test_a_paused_partition_waits_and_loses_nothing(adapter: Adapter, tmp_path: Path) -> None:
    """So a partition whose message cannot be handled now blocks nobody else."""
    async with adapter.open(tmp_path) as log:
        await log.append([finding("bad"), Message("facts", "acme", "k", b"good")])
        async with log.subscribe("g", ["findings", "facts"], ignore, ignore) as subscription:
            subscription.pause(FINDINGS)
            assert texts(await drain(subscription, 1)) == ["good"]
            assert not await subscription.poll(10, 0.01)
            subscription.resume(FINDINGS)
            assert texts(await drain(subscription, 1)) == ["bad"]


@every
async def test_a_pause_holds_even_for_a_poll_that_is_under_way(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log, log.subscribe("g", ["findings"], ignore, ignore) as subscription:
        await log.append([finding("a")])
        polling = asyncio.create_task(subscription.poll(10, 0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        subscription.pause(FINDINGS)
        early = await polling
        assert not await subscription.poll(10, 0.01)
        subscription.resume(FINDINGS)
        late = [] if early else await drain(subscription, 1)
        assert texts([*early, *late]) == ["a"], "once, before or after"


@every
async def test_a_long_backlog_in_one_partition_starves_no_other(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([finding(str(number)) for number in range(100)])
        await log.append([Message("facts", "acme", "k", b"fact")])
        async with log.subscribe("g", ["findings", "facts"], ignore, ignore) as subscription:
            assert "fact" in texts(await drain(subscription, 30, limit=10))


@every
async def test_a_commit_carries_its_outputs(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([Message("events", "acme", "h", b"in")])
        async with log.subscribe("g", ["events"], ignore, ignore) as subscription:
            await subscription.commit(after(await drain(subscription, 1)), [finding("out")])
            assert await subscription.committed(TopicPartition("events", 0)) == 1
        assert await content(log, "findings") == ["out"]


async def by_append(log: Log, _: Subscription, outputs: list[Message], __: dict[TopicPartition, int]) -> None:
    await log.append(outputs)


async def by_commit(_: Log, reader: Subscription, outputs: list[Message], upto: dict[TopicPartition, int]) -> None:
    await reader.commit(upto, outputs)


async def by_owner(log: Log, _: Subscription, outputs: list[Message], upto: dict[TopicPartition, int]) -> None:
    await (await log.own("respond", 0)).commit(outputs, upto, "g")


@every
@pytest.mark.parametrize("write", [by_append, by_commit, by_owner])
async def test_an_oversize_message_undoes_all_that_came_with_it(adapter: Adapter, tmp_path: Path, write: Write) -> None:
    outputs = [finding("before"), Message("findings", "acme", "k", HUGE), finding("after")]
    async with adapter.open(tmp_path) as log:
        await log.append([Message("events", "acme", "h", b"in")])
        async with log.subscribe("g", ["events"], ignore, ignore) as subscription:
            upto = after(await drain(subscription, 1))
            with pytest.raises(Oversize, match="findings"):
                await write(log, subscription, outputs, upto)
            assert await subscription.committed(TopicPartition("events", 0)) == 0
        assert await content(log, "findings") == []


@every
async def test_the_largest_record_still_fits(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([Message("findings", "acme", "k", b"x" * (MAX_MESSAGE_BYTES - 1024))])
        assert [len(text) for text in await content(log, "findings")] == [MAX_MESSAGE_BYTES - 1024]


@pytest.mark.parametrize("adapter", BOUNDED, ids=str)
async def test_a_log_without_room_says_so(adapter: Adapter, tmp_path: Path) -> None:
    """What the doors turn into 429."""
    async with adapter.starve(tmp_path) as log:
        with pytest.raises(Unavailable):
            await fill(log)


@every
async def test_offset_at_finds_the_first_message_of_an_instant(adapter: Adapter, tmp_path: Path) -> None:
    clock = VirtualClock(1_000)
    async with adapter.open(tmp_path, clock) as log:
        for instant in (1_000, 2_000, 3_000):
            clock.advance(instant)
            await log.append([finding(f"{instant}a"), finding(f"{instant}b")])
        for instant, first in ((0, "1000a"), (1_000, "1000a"), (1_001, "2000a"), (3_000, "3000a")):
            start = await log.offset_at(FINDINGS, instant)
            assert (await content(log, "findings", start=start))[0] == first
        assert await content(log, "findings", start=await log.offset_at(FINDINGS, 3_001)) == []
        assert await log.offset_at(TopicPartition("holds", 0), 0) == 0


@every
async def test_read_ends_where_the_log_ended_when_it_began(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([finding(str(number)) for number in range(1_200)])
        got: list[str] = []
        async for message in log.read("findings", 0, start=3):
            if not got:
                await log.append([finding("too late")])
            got.append(message.value.decode())
        assert got == [str(number) for number in range(3, 1_200)]
        assert await content(log, "holds") == []


@every
async def test_a_prefix_is_never_seen_and_keeps_logs_apart(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as live, adapter.open(tmp_path, prefix="replay-1.") as replay:
        await live.append([Message("records.acme", "acme", "s", b"live")])
        await replay.append([Message("records.acme", "acme", "s", b"replayed")])
        older, _ = await live.own("respond", 0), await replay.own("respond", 0)
        await older.commit([], {}, "g")
        for log, text in ((live, "live"), (replay, "replayed")):
            async with log.subscribe("g", ["records.*"], ignore, ignore) as subscription:
                (got,) = await drain(subscription, 1)
                assert (got.topic, got.value.decode()) == ("records.acme", text)
                assert not await subscription.poll(10, 0)


@every
async def test_what_nobody_declared_is_refused(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        with pytest.raises(KeyError, match="rumours"):
            await log.append([Message("rumours", "acme", "k", b"")])


@every
async def test_a_closed_log_is_unavailable(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.close()
        with pytest.raises(Unavailable):
            await log.append([finding("x")])


@every
async def test_who_left_the_group_cannot_commit(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path) as log:
        await log.append([finding("x")])
        async with log.subscribe("g", ["findings"], ignore, ignore) as subscription:
            upto = after(await drain(subscription, 1))
        with pytest.raises(Fenced):
            await subscription.commit(upto)


@every
async def test_it_tells_how_many_partitions_a_topic_has(adapter: Adapter, tmp_path: Path) -> None:
    async with adapter.open(tmp_path, partitions=3) as log:
        assert [await log.partitions(topic) for topic in ("events", "records.acme", "modes")] == [3, 3, 1]
