"""Whatever a handler does, each message ends in exactly one place: its outputs, or one dead letter with its bytes."""

# ruff: noqa: ARG002 -- the methods of a port keep its parameters

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from runtime.delivery import LONGEST_WAIT_SECONDS, Breaker, Dead, Delivery, Done, MostlyBugs
from runtime.errors import Fenced, Oversize, Rejected, Unavailable
from runtime.log import Message, Received
from runtime.metrics import Metrics
from runtime.stream import Handle, StreamWorker
from schemas.dead_letter import DeadLetter, Fate
from tests.unit.runtime.toy import deployed, memory_log

FATES: dict[type[Exception], Fate] = {
    Rejected: Fate.REJECTED,
    Oversize: Fate.OVERSIZE,
    ValueError: Fate.BUG,
    RecursionError: Fate.BUG,
    MemoryError: Fate.BUG,
    StopIteration: Fate.BUG,
    TimeoutError: Fate.BUG,
    AssertionError: Fate.BUG,
}


@dataclass(frozen=True)
class Plan:
    """What the handler does with one message: how often its dependency is down, then how it ends."""

    down: int
    end: type[Exception] | None


plans = st.builds(Plan, st.integers(0, 4), st.sampled_from([None, None, *FATES]))


class Sleeper:
    """Waits for nothing, and remembers how long it should have waited."""

    def __init__(self) -> None:
        self.naps: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.naps.append(seconds)


def delivery(sleeper: Sleeper | None = None, window: int = 100_000) -> Delivery:
    return Delivery(
        "detect.match", metrics=Metrics(CollectorRegistry()), sleep=sleeper or Sleeper(), breaker=Breaker(window)
    )


class Handler:
    """Follows one plan per message."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = plans
        self.tries = [0] * len(plans)

    def __call__(self, received: Received, now: int) -> Sequence[Message]:
        number = int(received.value)
        self.tries[number] += 1
        plan = self._plans[number]
        if self.tries[number] <= plan.down:
            raise Unavailable("down")
        if plan.end is not None:
            raise plan.end("so it ends")
        return [Message("findings", "acme", "f", received.value)]

    async def later(self, received: Received, now: int) -> Sequence[Message]:
        await asyncio.sleep(0)
        return self(received, now)

    def batch(self, received: Sequence[Received], now: int) -> Sequence[Sequence[Message]]:
        return [self(one, now) for one in received]


@pytest.mark.parametrize("way", ["sync", "async", "batch"])
@given(st.lists(plans, max_size=12))
def test_each_message_ends_in_exactly_one_place(way: str, plans: list[Plan]) -> None:
    asyncio.run(each_ends_once(way, plans))


async def each_ends_once(way: str, plans: list[Plan]) -> None:
    handler, sleeper, log = Handler(plans), Sleeper(), memory_log()
    handles: dict[str, Handle] = {"sync": handler, "async": handler.later}
    handle = handles.get(way)
    batch = handler.batch if way == "batch" else None
    worker = StreamWorker(
        deployed(log), "detect.match", ["events"], handle, handle_batch=batch, delivery=delivery(sleeper), limit=5
    )
    await log.append([Message("events", "acme", "h", str(number).encode()) for number in range(len(plans))])
    await worker.start()
    while await worker.step(0):
        pass
    await worker.stop()
    done = [int(received.value) async for received in log.read("findings", 0)]
    letters = [DeadLetter.model_validate_json(received.value) async for received in log.read("dead-letters", 0)]
    assert done == [number for number, plan in enumerate(plans) if plan.end is None]
    assert [(int(letter.value), letter.fate, letter.offset) for letter in letters] == [
        (number, FATES[plan.end], number) for number, plan in enumerate(plans) if plan.end is not None
    ]
    assert len({letter.uid for letter in letters}) == len(letters)
    assert all(tries > plan.down for tries, plan in zip(handler.tries, plans, strict=True))
    await log.close()


def some_message(value: bytes = b"x") -> Received:
    return Received("events", 0, 7, "acme", "k", value, {}, 0)


@given(st.integers(1, 40))
def test_waits_grow_jittered_and_bounded_and_end_with_success(down: int) -> None:
    sleeper, left = Sleeper(), [down]

    async def work() -> str:
        if left[0]:
            left[0] -= 1
            raise Unavailable("down")
        return "done"

    assert asyncio.run(delivery(sleeper).deliver(some_message(), work, 0)) == Done("done")
    assert len(sleeper.naps) == down
    assert all(0 <= nap <= LONGEST_WAIT_SECONDS for nap in sleeper.naps)


async def test_fenced_passes_through() -> None:
    async def work() -> None:
        raise Fenced("somebody else's")

    with pytest.raises(Fenced):
        await delivery().deliver(some_message(), work, 0)


async def test_cancellation_seals_no_fate() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await delivery().deliver(some_message(), work, 0)


class TestBreaker:
    """A bad deploy must not drain the topic into the bin; invalid messages may."""

    async def verdicts(self, delivery: Delivery, errors: Sequence[Exception | None]) -> int:
        sealed = 0
        for error in errors:

            async def work(error: Exception | None = error) -> None:
                if error is not None:
                    raise error

            await delivery.deliver(some_message(), work, 0)
            sealed += 1
        return sealed

    async def test_it_opens_when_most_messages_end_as_bugs(self) -> None:
        with pytest.raises(MostlyBugs, match="11 of the last 20"):
            await self.verdicts(delivery(window=20), [None] * 9 + [KeyError("x")] * 100)

    async def test_half_is_not_most(self) -> None:
        errors = [None, KeyError("x")] * 100
        assert await self.verdicts(delivery(window=20), errors) == 200

    async def test_invalid_messages_never_open_it(self) -> None:
        assert await self.verdicts(delivery(window=20), [Rejected("garbage")] * 500) == 500


async def test_a_dead_letter_holds_what_is_needed_to_understand_it() -> None:
    async def work() -> None:
        raise KeyError("missing")

    fate = await delivery().deliver(some_message(b"\x00\xff" * 40_000), work, 1_234)
    assert isinstance(fate, Dead)
    letter = DeadLetter.model_validate_json(fate.message.value)
    assert letter == fate.letter
    assert (letter.topic, letter.partition, letter.offset, letter.at) == ("events", 0, 7, 1_234)
    assert (letter.length, len(letter.value)) == (80_000, 65_536)
    assert "KeyError: 'missing'" in letter.reason
    assert letter.traceback.startswith("Traceback")
