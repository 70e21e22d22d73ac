"""What the members of a group get from a real coordinator, and when they hear of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.clock import WallClock
from runtime.kafka import KafkaLog
from runtime.log import Log, Message, Subscription
from tests.contract.log_adapters import after, drain, event, finding, ignore, texts
from tests.contract.log_topics import have_topics, prefix_of
from tests.integration.kafka.members import until

PARTITIONS = 2


def opened(folder: Path, member: str | None = None) -> KafkaLog:
    return KafkaLog(have_topics(folder, PARTITIONS), WallClock(), prefix_of(folder), member=member, session_seconds=6.0)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    one = opened(tmp_path)
    yield one
    await one.close()


@pytest.fixture
def group(tmp_path: Path) -> str:
    return f"{prefix_of(tmp_path)}g"


async def heard(*members: Subscription) -> None:
    for _ in range(40):
        await asyncio.gather(*(member.poll(1, 0.02) for member in members))


async def test_what_was_polled_is_handed_over_only_when_it_is_done_with(log: Log, group: str) -> None:
    """Or a calm change of members would have every message in hand handled twice."""
    lost: list[str] = []
    told = "nothing"

    async def lose(_: frozenset[int]) -> None:
        lost.append(told)

    await log.append([finding("a")])
    async with log.subscribe(group, ["findings"], ignore, lose) as first:
        polled = await drain(first, 1)
        joining = asyncio.create_task(_member(log, group))
        await until(lambda: not first._membership.is_settled)  # type: ignore[attr-defined]
        assert lost == []
        told = "committed"
        await first.commit(after(polled))
        await joining
        assert lost == ["committed"]


async def _member(log: Log, group: str) -> None:
    async with log.subscribe(group, ["findings"], ignore, ignore) as second:
        assert not await second.poll(1, 0)


async def test_a_partition_without_all_of_its_topics_is_not_taken(tmp_path: Path, log: Log, group: str) -> None:
    """During a change of releases members of a group may read different topics, and the group tears numbers apart."""
    held: set[int] = set()

    async def gain(numbers: frozenset[int]) -> None:
        held.update(numbers)

    async def lose(numbers: frozenset[int]) -> None:
        held.difference_update(numbers)

    async with (
        log.subscribe(group, ["incidents"], ignore, ignore) as older,
        log.subscribe(group, ["incidents", "decisions"], gain, lose) as newer,
    ):
        await heard(older, newer)
        assert len(held) == 1, "of decisions it was given both, of incidents one"
        await log.append([Message("decisions", tenant, "d", tenant.encode()) for tenant in ("acme", "globex", "hooli")])
        assert {one.partition for one in await newer.poll(10, 0)} <= held


async def test_the_halves_of_a_named_replica_do_not_take_its_name_from_each_other(tmp_path: Path, group: str) -> None:
    log = opened(tmp_path, member="0")
    async with (
        log.subscribe(group, ["findings"], ignore, ignore) as one,
        log.subscribe(group, ["events"], ignore, ignore) as two,
    ):
        await heard(one, two)
        await log.append([finding("f"), event("e", "h")])
        assert (texts(await drain(one, 1)), texts(await drain(two, 1))) == (["f"], ["e"])
    await log.close()
