"""What only the embedded log promises: its file, its capacity, its retention."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.clock import VirtualClock
from runtime.embedded import EmbeddedLog, Retention, Trimmed
from runtime.embedded.offsets import matches
from runtime.errors import Rejected, StartError, Unavailable
from runtime.log import Log, Message, TopicPartition
from tests.contract.log_adapters import after, content, drain, fill, finding, ignore

AGES = Retention({"short": 1_000, "long": 5_000}, most_bytes=2**30)
NOW = 10_000


@pytest.fixture
async def log() -> AsyncIterator[EmbeddedLog]:
    """A log in memory whose clock stands at 10,000 and whose short topics stay for a second."""
    log = EmbeddedLog(None, VirtualClock(NOW), retention=AGES)
    yield log
    await log.close()


async def consumed(log: Log, topic: str, count: int) -> None:
    async with log.subscribe("reader", [topic], ignore, ignore) as subscription:
        await subscription.commit(after(await drain(subscription, count)))


class TestTheFile:
    def test_its_folder_is_made_and_nobody_else_may_read_it(self, tmp_path: Path) -> None:
        path = tmp_path / "state" / "log.sqlite3"
        log = EmbeddedLog(path, VirtualClock())
        asyncio.run(log.append([finding("secret")]))
        modes = {entry.name: entry.stat().st_mode & 0o077 for entry in path.parent.iterdir()}
        assert set(modes.values()) == {0}, modes
        asyncio.run(log.close())

    def test_another_number_of_partitions_is_refused(self, tmp_path: Path) -> None:
        asyncio.run(EmbeddedLog(tmp_path / "log", VirtualClock(), 4).close())
        with pytest.raises(StartError, match="made with 4 partitions and is opened with 2"):
            EmbeddedLog(tmp_path / "log", VirtualClock(), 2)

    def test_each_prefix_has_its_own_number(self, tmp_path: Path) -> None:
        asyncio.run(EmbeddedLog(tmp_path / "log", VirtualClock(), 4).close())
        asyncio.run(EmbeddedLog(tmp_path / "log", VirtualClock(), 2, prefix="replay-1.").close())

    def test_a_newer_releases_file_is_refused(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "log") as other:
            other.execute("PRAGMA user_version = 99")
        other.close()
        with pytest.raises(StartError, match="layout 99"):
            EmbeddedLog(tmp_path / "log", VirtualClock())

    def test_what_is_no_log_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "log").write_text("these are my notes, not a database " * 100)
        with pytest.raises(StartError, match="cannot open the log"):
            EmbeddedLog(tmp_path / "log", VirtualClock())
        assert (tmp_path / "log").read_text().startswith("these are my notes")


class TestCapacity:
    async def test_a_full_log_keeps_whole_appends_and_stays_readable(self) -> None:
        log = EmbeddedLog(None, VirtualClock(), capacity_bytes=400_000)
        with pytest.raises(Unavailable, match="the log is full"):
            await fill(log)
        there = await content(log, "findings")
        assert there[1::2] == [str(number) for number in range(len(there) // 2)]
        await log.close()

    async def test_what_ends_a_containment_is_still_taken(self) -> None:
        log = EmbeddedLog(None, VirtualClock(), capacity_bytes=400_000)
        with pytest.raises(Unavailable):
            await fill(log)
        owner = await log.own("respond", 0)
        await owner.commit([Message("respond.ledger", "acme", "lane", b"released")], {}, "respond")
        assert await content(log, "respond.ledger") == ["released"]
        await log.close()

    async def test_the_reserve_ends_too_and_then_nothing_half_done_stays(self) -> None:
        log = EmbeddedLog(None, VirtualClock(), capacity_bytes=400_000)
        owner = await log.own("respond", 0)
        entries = [Message("respond.ledger", "acme", "lane", b"x" * 2_000_000) for _ in range(12)]
        with pytest.raises(Unavailable, match="the log is full"):
            await owner.commit(entries, {TopicPartition("findings", 0): 7}, "g")
        assert await content(log, "respond.ledger") == []
        await owner.commit(entries[:1], {}, "g")
        await log.close()

    async def test_trimming_makes_room(self) -> None:
        log = EmbeddedLog(None, VirtualClock(), capacity_bytes=400_000, retention=AGES)
        with pytest.raises(Unavailable):
            await fill(log)
        assert (await log.trim(NOW)).messages > 0
        await log.append([finding("again")])
        await log.close()


class TestRetention:
    async def test_old_messages_go_and_young_ones_stay(self, log: EmbeddedLog) -> None:
        await log.append([finding("a"), finding("b")])
        assert await log.trim(NOW + 1_000) == Trimmed()
        assert await log.trim(NOW + 1_001) == Trimmed(messages=2)
        await log.append([finding("c")])
        assert await content(log, "findings") == ["c"]
        assert await log.end(TopicPartition("findings", 0)) == 3

    async def test_what_a_group_has_not_consumed_stays(self, log: EmbeddedLog) -> None:
        await log.append([finding("a"), finding("b")])
        await consumed(log, "findings", 2)
        await log.append([finding("unread")])
        assert await log.trim(NOW * 2) == Trimmed(messages=2)
        assert await content(log, "findings") == ["unread"]

    async def test_a_group_that_has_committed_nothing_yet_holds_everything(self, log: EmbeddedLog) -> None:
        async with log.subscribe("slow", ["find*"], ignore, ignore):
            await log.append([finding("a")])
        assert await log.trim(NOW * 2) == Trimmed()

    async def test_long_topics_stay_longer_and_ledgers_for_ever(self, log: EmbeddedLog) -> None:
        await log.append([Message(topic, "acme", "k", b"x") for topic in ("findings", "decisions", "respond.ledger")])
        assert await log.trim(NOW + 4_000) == Trimmed(messages=1)
        assert await log.trim(NOW * 1_000) == Trimmed(messages=1)
        assert await content(log, "respond.ledger") == ["x"]

    async def test_a_compacted_topic_keeps_the_newest_of_each_key(self, log: EmbeddedLog) -> None:
        for text in ("1", "2", "3"):
            await log.append([Message("holds", "acme", key, (key + text).encode()) for key in ("a", "b")])
        assert await log.trim(NOW * 1_000) == Trimmed(messages=4)
        assert await content(log, "holds") == ["a3", "b3"]

    async def test_a_log_that_is_too_large_gives_up_the_oldest_then_the_unread(self) -> None:
        clock = VirtualClock(1)
        log = EmbeddedLog(None, clock, retention=Retention({"short": 10**9, "long": 10**9}, most_bytes=2_000_000))
        for topic in ("facts", "findings"):
            clock.advance(clock.now() + 1)
            await log.append([Message(topic, "acme", "k", b"x" * 1_000) for _ in range(4_000)])
        await consumed(log, "findings", 4_000)
        await consumed(log, "facts", 1_000)
        await log.append([Message("respond.ledger", "acme", "k", b"kept")])
        trimmed = await log.trim(10)
        assert trimmed == Trimmed(messages=4_000 + 1_000 + 2_000, unread=2_000)
        assert await content(log, "respond.ledger") == ["kept"]
        await log.close()

    async def test_a_reader_that_fell_behind_goes_on_at_what_is_left(self, log: EmbeddedLog) -> None:
        await log.append([finding("a"), finding("b")])
        await log.trim(NOW * 2)
        await log.append([finding("c")])
        async with log.subscribe("late", ["findings"], ignore, ignore) as subscription:
            (got,) = await drain(subscription, 1)
        assert (got.offset, got.value) == (2, b"c")
        assert await log.offset_at(TopicPartition("findings", 0), 0) == 2


class TestReplays:
    async def test_a_replays_log_is_dropped_without_a_trace_and_without_harm(self, tmp_path: Path) -> None:
        live = EmbeddedLog(tmp_path / "log", VirtualClock())
        replay = EmbeddedLog(tmp_path / "log", VirtualClock(), prefix="replay-1.")
        for log in (live, replay):
            await log.append([finding("x")])
            await log.own("respond", 0)
            await consumed(log, "findings", 1)
        await replay.drop()
        assert (await replay.topics(), await live.topics()) == ([], ["findings"])
        assert await content(live, "findings") == ["x"]
        with pytest.raises(ValueError, match="prefix"):
            await live.drop()
        await replay.close()
        await live.close()


class TestAppending:
    async def test_appends_that_come_together_keep_their_order(self, tmp_path: Path) -> None:
        log = EmbeddedLog(tmp_path / "log", VirtualClock())
        await asyncio.gather(*(log.append([finding(f"{n}a"), finding(f"{n}b")]) for n in range(40)))
        assert await content(log, "findings") == [f"{n}{half}" for n in range(40) for half in "ab"]
        await log.close()

    async def test_one_bad_message_does_not_harm_its_neighbours(self, tmp_path: Path) -> None:
        log = EmbeddedLog(tmp_path / "log", VirtualClock())
        good, bad = log.append([finding("good")]), log.append([finding("bad", key="\ud800")])
        outcomes = await asyncio.gather(good, bad, return_exceptions=True)
        assert outcomes[0] is None
        assert isinstance(outcomes[1], Rejected)
        assert await content(log, "findings") == ["good"]
        await log.close()

    async def test_who_gives_up_waiting_does_not_harm_its_neighbours(self, tmp_path: Path) -> None:
        log = EmbeddedLog(tmp_path / "log", VirtualClock())
        one, two = (asyncio.create_task(log.append([finding(text)])) for text in ("one", "two"))
        await asyncio.sleep(0)
        one.cancel()
        await two
        assert "two" in await content(log, "findings")
        await log.close()


async def test_a_write_that_breaks_half_way_leaves_nothing(log: EmbeddedLog) -> None:
    owner = await log.own("respond", 0)
    with pytest.raises(OverflowError):
        await owner.commit([Message("holds", "acme", "h", b"x")], {TopicPartition("findings", 0): 2**70}, "g")
    assert await content(log, "holds") == []
    await owner.commit([Message("holds", "acme", "h", b"y")], {}, "g")
    assert await content(log, "holds") == ["y"]


async def test_a_poll_that_is_overtaken_by_a_seek_reads_where_it_was_sent(tmp_path: Path) -> None:
    log = EmbeddedLog(tmp_path / "log", VirtualClock())
    await log.append([finding("a"), finding("b")])
    async with log.subscribe("g", ["findings"], ignore, ignore) as subscription:
        polling = asyncio.create_task(subscription.poll(10, 0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        thread = log._store.database._thread
        assert thread is not None
        thread.submit(int).result()  # by now the thread has read what the poll asked for
        await subscription.seek(TopicPartition("findings", 0), 1)
        assert [message.value for message in await polling] == [b"b"]
    await log.close()


def test_a_pattern_stands_for_all_that_begin_so() -> None:
    assert matches("records.acme", "records.*")
    assert not matches("recorders", "records.*")
    assert matches("findings", "findings")
    assert not matches("findings2", "findings")


async def test_members_of_a_group_agree_on_what_they_read(log: EmbeddedLog) -> None:
    """Otherwise one would be given partitions of topics that it does not read."""
    async with log.subscribe("g", ["findings", "facts"], ignore, ignore):
        with pytest.raises(ValueError, match="cannot be joined"):
            await log.subscribe("g", ["findings"], ignore, ignore).__aenter__()
