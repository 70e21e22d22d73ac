"""The stream runner on the embedded log: outputs, causes, fates and offsets."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from runtime.clock import NOW_HEADER, Clock, VirtualClock
from runtime.delivery import Delivery
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.errors import Oversize, Rejected
from runtime.log import MAX_MESSAGE_BYTES, Message, Received
from runtime.metrics import Metrics
from runtime.outputs import CAUSATION
from runtime.stream import LARGEST_COMMIT_BYTES, StreamWorker
from schemas.dead_letter import DeadLetter, Fate

NOON = 1_700_000_000_000


def deployment(clock: Clock | None = None, virtual: bool = False) -> Deployment:
    clock = clock or VirtualClock(NOON)
    return Deployment(EmbeddedLog(None, VirtualClock(NOON)), {}, clock, Path(), virtual)


def delivery() -> Delivery:
    return Delivery("detect.match", metrics=Metrics(CollectorRegistry()))


def event(text: str, **headers: str) -> Message:
    return Message("events", "acme", "host", text.encode(), headers)


def finding(text: str, headers: dict[str, str] | None = None) -> Message:
    return Message("findings", "acme", "f", text.encode(), headers or {})


def echo(received: Received, now: int) -> Sequence[Message]:
    if received.value.startswith(b"bad"):
        raise Rejected("no event")
    if received.value.startswith(b"bug"):
        raise KeyError("missing")
    return [finding(received.value.decode().upper())]


async def content(where: Deployment, topic: str) -> list[Received]:
    return [received async for received in where.log.read(topic, 0)]


async def ran(where: Deployment, worker: StreamWorker) -> int:
    await worker.start()
    count = 0
    while handled := await worker.step(0):
        count += handled
    await worker.stop()
    return count


async def test_outputs_name_their_cause() -> None:
    where = deployment()
    await where.log.append([event("a"), event("b")])
    assert await ran(where, StreamWorker(where, "detect.match", ["events"], echo, delivery=delivery())) == 2
    found = await content(where, "findings")
    assert [(message.value, message.headers) for message in found] == [
        (b"A", {CAUSATION: "events/0/0"}),
        (b"B", {CAUSATION: "events/0/1"}),
    ]


async def test_a_handler_may_be_async() -> None:
    async def later(received: Received, now: int) -> Sequence[Message]:
        return echo(received, now)

    where = deployment()
    await where.log.append([event("a")])
    await ran(where, StreamWorker(where, "detect.match", ["events"], later, delivery=delivery()))
    assert [message.value for message in await content(where, "findings")] == [b"A"]


async def test_explicit_headers_of_an_output_stay() -> None:
    def named(received: Received, now: int) -> Sequence[Message]:
        return [finding("x", {CAUSATION: "mine", "uid": "7"})]

    where = deployment()
    await where.log.append([event("a")])
    await ran(where, StreamWorker(where, "detect.match", ["events"], named, delivery=delivery()))
    assert (await content(where, "findings"))[0].headers == {CAUSATION: "mine", "uid": "7"}


async def test_poison_becomes_dead_letters_and_blocks_nobody() -> None:
    where = deployment()
    await where.log.append([event("bad"), event("a"), event("bug"), event("b")])
    await ran(where, StreamWorker(where, "detect.match", ["events"], echo, delivery=delivery()))
    letters = [DeadLetter.model_validate_json(message.value) for message in await content(where, "dead-letters")]
    assert [(letter.fate, letter.value, letter.offset) for letter in letters] == [
        (Fate.REJECTED, b"bad", 0),
        (Fate.BUG, b"bug", 2),
    ]
    assert letters[0].at == NOON
    assert "KeyError" in letters[1].traceback
    assert [message.value for message in await content(where, "findings")] == [b"A", b"B"]


async def test_an_output_larger_than_the_log_takes_fails_alone() -> None:
    def grow(received: Received, now: int) -> Sequence[Message]:
        return [finding("x" * (MAX_MESSAGE_BYTES if received.value == b"big" else 1))]

    where = deployment()
    await where.log.append([event("big"), event("small")])
    await ran(where, StreamWorker(where, "detect.match", ["events"], grow, delivery=delivery()))
    (letter,) = [DeadLetter.model_validate_json(message.value) for message in await content(where, "dead-letters")]
    assert letter.fate is Fate.OVERSIZE
    assert len(await content(where, "findings")) == 1


async def test_an_output_on_an_undeclared_topic_is_a_bug_of_one_message() -> None:
    where = deployment()
    await where.log.append([event("a")])
    stray = StreamWorker(where, "x", ["events"], lambda *_: [Message("strays", "acme", "", b"")], delivery=delivery())
    await ran(where, stray)
    (letter,) = [DeadLetter.model_validate_json(message.value) for message in await content(where, "dead-letters")]
    assert letter.fate is Fate.BUG


async def test_virtual_now_is_the_largest_seen_and_travels_on() -> None:
    seen: list[int] = []

    def note(received: Received, now: int) -> Sequence[Message]:
        seen.append(now)
        return [finding(received.value.decode())]

    clock = VirtualClock()
    where = deployment(clock, virtual=True)
    await where.log.append([event("a", **{NOW_HEADER: "200"}), event("b", **{NOW_HEADER: "100"}), event("c")])
    await ran(where, StreamWorker(where, "detect.match", ["events"], note, delivery=delivery()))
    assert seen == [200, 200, 200]
    assert {message.headers[NOW_HEADER] for message in await content(where, "findings")} == {"200"}
    assert clock.now() == 200


class TestBatches:
    """A batch handler sees a whole batch; a failure within it stays with its message."""

    async def test_each_message_has_its_own_outputs(self) -> None:
        sizes: list[int] = []

        def batch(received: Sequence[Received], now: int) -> Sequence[Sequence[Message] | Rejected]:
            sizes.append(len(received))
            return [Rejected("no") if one.value == b"bad" else [finding(one.value.decode())] for one in received]

        where = deployment()
        await where.log.append([event("a"), event("bad"), event("b")])
        worker = StreamWorker(where, "detect.match", ["events"], handle_batch=batch, delivery=delivery())
        assert await ran(where, worker) == 3
        assert sizes == [3]
        assert [m.headers[CAUSATION] for m in await content(where, "findings")] == ["events/0/0", "events/0/2"]
        assert len(await content(where, "dead-letters")) == 1

    async def test_one_that_raises_is_tried_message_by_message(self) -> None:
        def batch(received: Sequence[Received], now: int) -> Sequence[Sequence[Message]]:
            return [echo(one, now) for one in received]

        where = deployment()
        await where.log.append([event("a"), event("bug"), event("b")])
        await ran(where, StreamWorker(where, "detect.match", ["events"], handle_batch=batch, delivery=delivery()))
        assert [message.value for message in await content(where, "findings")] == [b"A", b"B"]
        assert len(await content(where, "dead-letters")) == 1


async def test_what_was_committed_is_not_handled_again() -> None:
    where = deployment()
    await where.log.append([event("a")])
    assert await ran(where, StreamWorker(where, "detect.match", ["events"], echo, delivery=delivery())) == 1
    assert await ran(where, StreamWorker(where, "detect.match", ["events"], echo, delivery=delivery())) == 0


async def test_a_batch_that_leads_to_very_much_is_committed_on_its_way() -> None:
    where = deployment()
    seen: list[int] = []

    async def swell(received: Received, now: int) -> Sequence[Message]:
        seen.append(len(await content(where, "findings")))
        return [finding("x" * (3 * 1024 * 1024))]

    await where.log.append([event(str(number)) for number in range(13)])
    assert await ran(where, StreamWorker(where, "ingest", ["events"], swell, delivery=delivery())) == 13
    assert seen == [0] * 6 + [6] * 6 + [12]
    assert LARGEST_COMMIT_BYTES == 16 * 1024 * 1024
    assert len(await content(where, "findings")) == 13


async def test_a_message_beyond_the_limit_of_the_log_is_named_oversize() -> None:
    def refuse(received: Received, now: int) -> Sequence[Message]:
        raise Oversize("a record of 2 MiB")

    where = deployment()
    await where.log.append([event("a")])
    await ran(where, StreamWorker(where, "ingest", ["events"], refuse, delivery=delivery()))
    (letter,) = [DeadLetter.model_validate_json(message.value) for message in await content(where, "dead-letters")]
    assert letter.fate is Fate.OVERSIZE


def test_one_handler_is_given_not_two() -> None:
    with pytest.raises(TypeError, match="either"):
        StreamWorker(deployment(), "x", ["events"])
