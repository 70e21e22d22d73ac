"""How the members of one group share the partitions."""

import asyncio
import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.errors import Unavailable
from runtime.log import Received, Subscription
from tests.contract.log_adapters import ADAPTERS, ANSWER_SECONDS, Adapter, after, drain, event, finding, ignore

pytestmark = pytest.mark.parametrize("adapter", ADAPTERS, ids=str)


class Holdings:
    """What a member was told about its partitions."""

    def __init__(self) -> None:
        self.held: frozenset[int] = frozenset()
        self.told: list[str] = []

    async def gain(self, partitions: frozenset[int]) -> None:
        assert not self.held & partitions, "gained twice"
        self.held |= partitions
        self.told.append(f"+{sorted(partitions)}")

    async def lose(self, partitions: frozenset[int]) -> None:
        assert partitions <= self.held, "lost what it never had"
        self.held -= partitions
        self.told.append(f"-{sorted(partitions)}")


async def settle(*members: Subscription, until: Callable[[], bool] = lambda: True) -> None:
    """Let the members hear of each other, for as long as a server may need to tell them."""
    deadline = time.monotonic() + ANSWER_SECONDS
    for count in itertools.count(1):
        await asyncio.gather(*(member.poll(1, 0.01) for member in members))
        if (count >= 3 and until()) or time.monotonic() > deadline:
            return


async def test_one_member_has_everything_and_gives_it_back(adapter: Adapter, tmp_path: Path) -> None:
    one = Holdings()
    async with adapter.open(tmp_path, partitions=3) as log:
        async with log.subscribe("g", ["events"], one.gain, one.lose) as subscription:
            await settle(subscription)
            assert one.held == {0, 1, 2}
        assert one.held == frozenset()


async def test_members_share_and_inherit(adapter: Adapter, tmp_path: Path) -> None:
    one, two = Holdings(), Holdings()
    async with (
        adapter.open(tmp_path, partitions=3) as log,
        log.subscribe("g", ["events"], one.gain, one.lose) as first,
    ):
        await settle(first)
        async with log.subscribe("g", ["events"], two.gain, two.lose) as second:
            await settle(first, second, until=lambda: one.held | two.held == {0, 1, 2})
            assert one.held | two.held == {0, 1, 2}
            assert not one.held & two.held
            assert {len(one.held), len(two.held)} == {1, 2}
        await settle(first, until=lambda: one.held == {0, 1, 2})
        assert one.held == {0, 1, 2}


async def test_the_heir_goes_on_where_the_other_committed(adapter: Adapter, tmp_path: Path) -> None:
    sent = [event(str(number), f"acme|host{number % 9}") for number in range(90)]
    got: list[Received] = []
    async with (
        adapter.open(tmp_path, partitions=2) as log,
        log.subscribe("g", ["events"], ignore, ignore) as first,
    ):
        await log.append(sent)
        page = await drain(first, 30)
        await first.commit(after(page))
        got += page
        async with log.subscribe("g", ["events"], ignore, ignore) as second:
            while len(got) < 90:
                for member in (first, second):
                    page = list(await member.poll(10, 0.01))
                    await member.commit(after(page))
                    got += page
    assert sorted(message.value for message in got) == sorted(message.value for message in sent)
    for partition in (0, 1):
        offsets = [message.offset for message in got if message.partition == partition]
        assert offsets == sorted(offsets)


async def test_more_members_than_partitions_leaves_some_idle(adapter: Adapter, tmp_path: Path) -> None:
    one, two = Holdings(), Holdings()
    async with (
        adapter.open(tmp_path) as log,
        log.subscribe("g", ["findings"], one.gain, one.lose) as first,
        log.subscribe("g", ["findings"], two.gain, two.lose) as second,
    ):
        await settle(first, second, until=lambda: len(one.held | two.held) == 1)
        await log.append([finding("x")])
        pages = [await member.poll(1, 0.2) for member in (first, second)]
        assert sorted(len(page) for page in pages) == [0, 1]
        assert [len(one.held), len(two.held)] == [len(page) for page in pages]


async def test_an_assignment_that_fails_is_tried_again(adapter: Adapter, tmp_path: Path) -> None:
    """Taking a partition over may need the log, or a ledger's replay, which may be down for a moment."""
    holdings, failures = Holdings(), list[Unavailable]()

    async def gain(partitions: frozenset[int]) -> None:
        if failures:
            raise failures.pop()
        await holdings.gain(partitions)

    async with (
        adapter.open(tmp_path, partitions=2) as log,
        log.subscribe("g", ["findings"], gain, holdings.lose) as member,
    ):
        async with log.subscribe("g", ["findings"], ignore, ignore) as other:
            await settle(other, member, until=lambda: len(holdings.held) == 1)
            assert len(holdings.held) == 1
            failures.append(Unavailable("not yet"))
        with pytest.raises(Unavailable):
            await settle(member, until=lambda: not failures)
        await settle(member, until=lambda: len(holdings.held) == 2)
        assert holdings.held == {0, 1}


async def test_two_halves_of_a_service_may_read_different_topics_as_one_group(adapter: Adapter, tmp_path: Path) -> None:
    async with (
        adapter.open(tmp_path) as log,
        log.subscribe("g", ["findings"], ignore, ignore) as one,
        log.subscribe("g", ["events"], ignore, ignore) as two,
    ):
        await log.append([finding("f"), event("e", "h")])
        assert [message.value for message in (*await drain(one, 1), *await drain(two, 1))] == [b"f", b"e"]
