"""Any interleaving of appends, polls, commits, crashes and restarts: each group sees every message in order, no gap.

The model knows the offset of each message, which on Kafka the marks of transactions displace: the embedded log alone.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.log import Log, Message, Subscription, TopicPartition
from runtime.partitions import partition_of
from tests.contract.log_adapters import EMBEDDED, Adapter, ignore, open_log

PARTITIONS = 2
TOPICS = ("events", "findings")
GROUPS = ("one", "two")
PLACES = [TopicPartition(topic, partition) for topic in TOPICS for partition in range(PARTITIONS)]

group = st.sampled_from(GROUPS)
Step = tuple[object, ...]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from(TOPICS), st.lists(st.integers(0, 5), min_size=1, max_size=6)),
        st.tuples(st.just("poll"), group, st.integers(1, 7)),
        st.tuples(st.just("commit"), group),
        st.tuples(st.just("own"), group),
        st.tuples(st.just("leave"), group),
        st.tuples(st.just("restart")),
    ),
    max_size=30,
)


class Reader:
    """One group and what the model knows of it: its next and its committed offset in each partition."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.committed = dict.fromkeys(PLACES, 0)
        self.next = dict.fromkeys(PLACES, 0)
        self.subscription: Subscription | None = None
        self.stack = AsyncExitStack()

    async def joined(self, log: Log) -> Subscription:
        if self.subscription is None:
            self.next = dict(self.committed)
            joining = log.subscribe(self.name, TOPICS, ignore, ignore)
            self.subscription = await self.stack.enter_async_context(joining)
        return self.subscription

    async def leave(self) -> None:
        await self.stack.aclose()
        self.stack, self.subscription = AsyncExitStack(), None


class World:
    """The log, its readers, and what was appended where."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.log = open_log(address, partitions=PARTITIONS)
        self.appended: dict[TopicPartition, list[str]] = {place: [] for place in PLACES}
        self.readers = {name: Reader(name) for name in GROUPS}
        self.count = 0

    async def append(self, topic: str, tenants: Sequence[int]) -> None:
        messages = []
        for tenant in tenants:
            self.count += 1
            message = Message(topic, f"tenant{tenant}", f"tenant{tenant}", str(self.count).encode())
            self.appended[TopicPartition(topic, partition_of(message, PARTITIONS))].append(str(self.count))
            messages.append(message)
        await self.log.append(messages)

    async def poll(self, name: str, limit: int) -> int:
        reader = self.readers[name]
        messages = await (await reader.joined(self.log)).poll(limit, 0)
        assert len(messages) <= limit
        for message in messages:
            assert message.offset == reader.next[message.place], "a gap, or a message twice"
            assert message.value.decode() == self.appended[message.place][message.offset]
            reader.next[message.place] += 1
        return len(messages)

    async def commit(self, name: str) -> None:
        reader = self.readers[name]
        await (await reader.joined(self.log)).commit(reader.next)
        reader.committed = dict(reader.next)

    async def own(self, name: str) -> None:
        """Commit through an ownership: the same offsets, another door."""
        reader = self.readers[name]
        await reader.joined(self.log)
        await (await self.log.own(name, 0)).commit([], reader.next, name)
        reader.committed = dict(reader.next)

    async def leave(self, name: str) -> None:
        await self.readers[name].leave()

    async def restart(self) -> None:
        for reader in self.readers.values():
            await reader.leave()
        if not self.address.startswith("memory"):
            await self.log.close()
            self.log = open_log(self.address, partitions=PARTITIONS)

    async def finish(self) -> None:
        """Everybody reads to the end and has seen everything."""
        for name, reader in self.readers.items():
            while await self.poll(name, 5):
                pass
            assert reader.next == {place: len(texts) for place, texts in self.appended.items()}
            await reader.leave()
        await self.log.close()


async def play(address: str, script: list[Step]) -> None:
    world = World(address)
    for name, *arguments in script:
        await getattr(world, str(name))(*arguments)
    await world.finish()


@pytest.mark.parametrize("adapter", EMBEDDED, ids=str)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=steps)
def test_every_group_sees_every_message_in_order(adapter: Adapter, script: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(adapter.address(Path(folder)), script))
