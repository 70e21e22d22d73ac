"""The topics of a deployment on a real cluster: made once, checked, counted, dropped."""

import secrets
from collections.abc import AsyncIterator

import pytest
from aiokafka.admin import NewTopic

from runtime.clock import WallClock
from runtime.errors import Unavailable
from runtime.kafka import KafkaAdmin, KafkaLog
from runtime.log import Message
from schemas.topics import TOPICS
from tests.contract.log_adapters import after, drain, finding, ignore, texts
from tests.contract.log_topics import broker


@pytest.fixture
def prefix() -> str:
    return f"replay-{secrets.token_hex(4)}."


@pytest.fixture
async def admin(prefix: str) -> AsyncIterator[KafkaAdmin]:
    async with KafkaAdmin(broker(), prefix) as opened:
        yield opened
        await opened.drop()
        assert await opened.topics() == []


@pytest.fixture
async def log(admin: KafkaAdmin, prefix: str) -> AsyncIterator[KafkaLog]:
    opened = KafkaLog(broker(), WallClock(), prefix)
    yield opened
    await opened.close()


async def test_what_is_missing_is_made_once(admin: KafkaAdmin) -> None:
    made = await admin.create(["acme"], 3)
    assert set(made) == {*TOPICS, "records.acme"} - {"records.<tenant>"}
    assert await admin.create(["acme"], 3) == []
    assert await admin.create(["acme", "globex"], 3) == ["records.globex"]
    assert await admin.problems(["acme", "globex"]) == []
    states = {one.name: one for one in await admin.topics()}
    assert (states["findings"].partitions, states["modes"].partitions) == (3, 1)
    assert all(one.declared and one.messages == 0 for one in states.values())


async def test_what_is_wrong_is_named_with_its_cure(admin: KafkaAdmin, prefix: str) -> None:
    await admin._admin.create_topics(
        [
            NewTopic(f"{prefix}findings", 2, 1),
            NewTopic(f"{prefix}incidents", 3, 1, topic_configs={"max.message.bytes": "1000000"}),
            NewTopic(f"{prefix}rumours", 1, 1),
        ]
    )
    while len(await admin.topics()) < 3:
        pass  # new topics take a moment to show
    problems = "\n".join(await admin.problems(["acme"]))
    assert "topic records.acme is missing: `stanch topics create` makes it" in problems
    assert "topic findings has 2 partitions where its like have 3" in problems
    assert "topic incidents has cleanup.policy=delete" in problems
    assert "topic incidents has max.message.bytes=1000000" in problems
    assert f"--entity-name {prefix}incidents " in problems  # another deployment's topic may bear the short name
    assert "rumours" not in problems
    assert [one.name for one in await admin.topics() if not one.declared] == ["rumours"]


async def test_lag_counts_messages_and_not_the_marks_of_transactions(
    admin: KafkaAdmin, log: KafkaLog, prefix: str
) -> None:
    await admin.create(["acme"], 2)
    owner = await log.own("respond", 0)
    group = f"{prefix}notify"
    assert await admin.lag(group, ["findings", "holds"]) == 0
    for number in range(3):
        await owner.commit([finding(str(number)), Message("holds", "acme", "h", b"")], {}, f"{prefix}respond")
    async with log.subscribe(group, ["findings", "holds"], ignore, ignore) as subscription:
        got = await drain(subscription, 6)
        assert await admin.lag(group, ["findings", "holds"]) == 6
        await subscription.commit(after(got[:3]))
        assert await admin.lag(group, ["findings", "holds"]) == 3
        await subscription.commit(after(got))
        assert await admin.lag(group, ["findings", "holds"]) == 0
    await log.append([finding("more")])
    assert await admin.lag(group, ["findings", "holds"]) == 1


async def test_nothing_is_dropped_without_a_prefix() -> None:
    async with KafkaAdmin(broker()) as everything:
        with pytest.raises(ValueError, match="prefix"):
            await everything.drop()


async def test_a_topic_that_is_missing_is_named_with_its_cure(log: KafkaLog, prefix: str) -> None:
    for asking in (log.partitions("findings"), log.append([finding("x")]), anext(log.read("findings", 0))):
        with pytest.raises(Unavailable, match=rf"topic {prefix}findings does not exist .*stanch topics create"):
            await asking


async def test_a_tenants_records_are_read_soon_after_their_topic_was_made(admin: KafkaAdmin, log: KafkaLog) -> None:
    await admin.create([], 2)
    async with log.subscribe("late", ["records.*"], ignore, ignore) as subscription:
        await admin.create(["acme"], 2)
        await log.append([Message("records.acme", "acme", "s", b"hello")])
        assert texts(await drain(subscription, 1)) == ["hello"]
