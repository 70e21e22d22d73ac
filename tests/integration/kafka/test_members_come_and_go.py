"""Two processes share three partitions while members join, leave, are killed and are frozen: nothing lost, nothing doubled."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from runtime.ledger import audit
from runtime.log import Log, Message
from tests.contract.log_adapters import SESSION_SECONDS, open_log
from tests.contract.log_topics import have_topics, prefix_of
from tests.integration.kafka.members import ALL, PARTITIONS, PATIENCE_SECONDS, TENANTS, Feed, member, shared, until
from tests.unit.runtime.toy import LEDGER

pytestmark = pytest.mark.slow

LABELS = ("ledger.decided", "log.write.begun", "log.write.appended", "log.write.complete", "log.write.committed",
          "ledger.committed")  # fmt: skip


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"kafka:{have_topics(tmp_path, PARTITIONS)}/{prefix_of(tmp_path)}"


@pytest.fixture
async def log(address: str) -> AsyncIterator[Log]:
    opened = open_log(address)
    yield opened
    await opened.close()


@pytest.fixture
def feed(log: Log) -> Feed:
    return Feed(log)


async def test_one_joins_and_the_other_leaves(address: str, feed: Feed) -> None:
    async with member(address) as one:
        await feed.keep_giving(lambda: one.owns == ALL)
        async with member(address) as two:
            await feed.keep_giving(lambda: len(one.owns + two.owns) == PARTITIONS and bool(two.owns))
            await shared(one, two)
            await feed.give(20)
            assert await one.end() == 0
            await feed.keep_giving(lambda: two.owns == ALL)
            await feed.check()


async def test_one_without_a_name_that_is_killed_is_missed_for_a_session(address: str, feed: Feed) -> None:
    async with member(address) as one, member(address) as two:
        await shared(one, two)
        await feed.give(5)
        await one.end(signal.SIGKILL)
        await feed.give(20)
        seconds = await until(lambda: two.owns == ALL)
        print(f"killed, taken over after {seconds:.1f} s")
        assert seconds < 2 * SESSION_SECONDS
        await feed.check()


async def test_one_with_a_name_is_back_at_once(address: str, feed: Feed) -> None:
    async with member(address, "0") as one, member(address, "1") as two:
        await shared(one, two)
        await feed.give(5)
        before, changes = one.owns, two.changes
        await one.end(signal.SIGKILL)
        await feed.give(20)
        async with member(address, "0") as again:
            seconds = await until(lambda: again.owns == before)
            print(f"killed, and back as the same member {seconds:.2f} s after its start")
            assert seconds < SESSION_SECONDS
            assert two.changes == changes, "the other was not disturbed"
            await feed.check()


async def test_one_frozen_for_longer_than_a_session_writes_nothing_more(address: str, feed: Feed) -> None:
    async with member(address) as one, member(address) as two:
        await shared(one, two)
        await feed.give(5)
        one.process.send_signal(signal.SIGSTOP)
        await feed.keep_giving(lambda: two.owns == ALL)
        one.process.send_signal(signal.SIGCONT)
        await feed.keep_giving(lambda: len(one.owns + two.owns) == PARTITIONS and two.owns != ALL)
        await feed.give(5)
        await feed.check()


@pytest.mark.parametrize("label", ["ledger.decided", "log.write.appended", "log.write.complete"])
async def test_one_frozen_within_a_transaction_is_fenced(address: str, feed: Feed, label: str) -> None:
    async with member(address, STANCH_FAILPOINT_STOP=f"{label}:3") as one, member(address) as two:
        await shared(one, two)
        await feed.keep_giving(lambda: one.is_frozen)
        await feed.keep_giving(lambda: two.owns == ALL)
        one.process.send_signal(signal.SIGCONT)
        await feed.keep_giving(lambda: len(one.owns + two.owns) == PARTITIONS and two.owns != ALL)
        await feed.check()


@pytest.mark.parametrize("label", LABELS)
async def test_one_killed_around_a_transaction_with_work_waiting(address: str, feed: Feed, label: str) -> None:
    async with member(address, "0", STANCH_FAILPOINT=f"{label}:3") as one, member(address, "1") as two:
        await shared(one, two)
        await feed.give(40)
        assert await one.ended() == -signal.SIGKILL
        await feed.give(10)
        async with member(address, "0") as again:
            print(f"{label}: owns again after {await shared(again, two):.2f} s")
            await feed.check()


async def test_a_halt_of_everything_reaches_every_owner(address: str, feed: Feed, log: Log) -> None:
    async with member(address) as one, member(address) as two:
        await shared(one, two)
        await feed.give(1)
        await feed.check()
        await log.append([Message("modes", "*", "*", orjson.dumps({"mode": "HALT"}))])

        began = time.monotonic()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await heard(log) != set(TENANTS):  # noqa: ASYNC110 # what other processes do sets no event here
                await asyncio.sleep(0.05)
        print(f"heard of by every owner after {time.monotonic() - began:.2f} s")


async def heard(log: Log) -> set[str]:
    """The tenants whose ledger says that everything is halted."""
    lines = [line for number in ALL async for line in audit(log, LEDGER, number)]
    return {line.tenant for line in lines if line.entry.kind == "mode" and line.entry.data["mode"] == "HALT"}
