"""Members come and go in any order: no partition ever has two readers, and the heir begins where the group committed."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.log import Log, Message, Subscription, TopicPartition
from tests.contract.log_adapters import MEMORY, open_log

PARTITIONS = 3
MEMBERS = range(3)
COMMANDS = ("append", "poll", "poll", "commit", "join", "leave")

scripts = st.lists(st.tuples(st.sampled_from(COMMANDS), st.sampled_from(MEMBERS)), max_size=40)


class Member:
    """A reader that may join and leave; it holds the log to what it was told."""

    def __init__(self, log: Log, held: dict[int, "Member"]) -> None:
        self.log = log
        self.held = held
        self.next: dict[TopicPartition, int] = {}
        self.subscription: Subscription | None = None
        self.stack = AsyncExitStack()

    async def gain(self, partitions: frozenset[int]) -> None:
        assert not partitions & set(self.held), "a partition of somebody else"
        self.held.update(dict.fromkeys(partitions, self))
        self.next.update({TopicPartition("events", partition): -1 for partition in partitions})

    async def lose(self, partitions: frozenset[int]) -> None:
        for partition in partitions:
            assert self.held.pop(partition) is self
            self.next.pop(TopicPartition("events", partition))

    async def join(self) -> None:
        if self.subscription is None:
            joining = self.log.subscribe("g", ["events"], self.gain, self.lose)
            self.subscription = await self.stack.enter_async_context(joining)

    async def leave(self) -> None:
        await self.stack.aclose()
        self.stack, self.subscription = AsyncExitStack(), None

    async def poll(self) -> int:
        if self.subscription is None:
            return 0
        messages = await self.subscription.poll(4, 0)
        for message in messages:
            assert self.held[message.partition] is self, "a message of somebody else's partition"
            begin = self.next[message.place]
            if begin < 0:
                begin = await self.subscription.committed(message.place)
            assert message.offset == begin, "the heir skipped or repeated what was committed"
            self.next[message.place] = begin + 1
        return len(messages)

    async def commit(self) -> None:
        if self.subscription is not None:
            await self.subscription.commit({place: offset for place, offset in self.next.items() if offset >= 0})


async def append(log: Log, count: int) -> None:
    await log.append([Message("events", "acme", f"host{number}", b"x") for number in range(count, count + 15)])


async def play(script: list[tuple[str, int]]) -> None:
    log = open_log(MEMORY, partitions=PARTITIONS)
    held: dict[int, Member] = {}
    members = [Member(log, held) for _ in MEMBERS]
    appended = 0
    for command, index in script:
        if command == "append":
            await append(log, appended)
            appended += 15
        else:
            await getattr(members[index], command)()
    await finish(log, members)
    await log.close()


async def finish(log: Log, members: list[Member]) -> None:
    """Whoever remains reads and commits everything."""
    await members[0].join()
    quiet = 0
    while quiet < 3:  # a partition on its way from one to the other makes a quiet round or two
        quiet = 0 if sum([await member.poll() for member in members]) else quiet + 1
    for member in members:
        await member.commit()
    reader = members[0].subscription
    assert reader is not None
    for partition in range(PARTITIONS):
        end = len([message async for message in log.read("events", partition)])
        assert await reader.committed(TopicPartition("events", partition)) == end
    for member in members:
        await member.leave()


@settings(max_examples=150, deadline=None)
@given(script=scripts)
def test_members_share_without_gaps_and_without_overlap(script: list[tuple[str, int]]) -> None:
    asyncio.run(play(script))


@pytest.mark.parametrize("seed", range(3))
async def test_members_that_poll_at_the_same_time_share_everything(seed: int) -> None:
    """Real concurrency: three loops that poll, commit, leave and come back while a fourth appends."""
    chance, log, held = random.Random(seed), open_log(MEMORY, partitions=PARTITIONS), dict[int, Member]()
    members = [Member(log, held) for _ in MEMBERS]

    async def live(member: Member) -> None:
        for _ in range(60):
            await member.join()
            await member.poll()
            if chance.random() < 0.5:
                await member.commit()
            if chance.random() < 0.1:
                await member.leave()

    async def write() -> None:
        for count in range(0, 300, 15):
            await append(log, count)

    await asyncio.gather(write(), *(live(member) for member in members))
    await finish(log, members)
    await log.close()
