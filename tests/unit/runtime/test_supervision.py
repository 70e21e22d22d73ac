"""A service that crashes starts again by itself; one that keeps crashing ends everything."""

import asyncio

import pytest

from runtime.errors import StartError, Unavailable
from runtime.supervision import CRASHES, KeepsCrashing, Supervised


class Frail:
    """A worker whose first steps end as ``falls`` says, and who asks to stop when it has made a whole step."""

    name = "frail"

    def __init__(self, stopping: asyncio.Event, *falls: BaseException) -> None:
        self._stopping = stopping
        self._falls = list(falls)
        self.calls: list[str] = []
        self.stopped = asyncio.Event()

    async def start(self) -> None:
        self.calls.append("start")

    async def step(self, wait: float) -> int:  # noqa: ARG002 - a Worker by its shape
        self.calls.append("step")
        if self._falls:
            raise self._falls.pop(0)
        self._stopping.set()
        return 1

    def deadline(self) -> int | None:
        return None

    async def advance(self, instant: int) -> int:  # noqa: ARG002 - a Worker by its shape
        return 0

    async def stop(self) -> None:
        self.calls.append("stop")
        self.stopped.set()


async def supervised(*falls: BaseException) -> tuple[Supervised, Frail, asyncio.Event]:
    stopping = asyncio.Event()
    worker = Frail(stopping, *falls)
    one = Supervised(worker, pause=0)
    await one.start(stopping)
    return one, worker, stopping


@pytest.mark.parametrize("fall", [ZeroDivisionError("a bug"), Unavailable("the log is closed")])
async def test_after_a_crash_it_leaves_joins_again_and_goes_on(fall: Exception) -> None:
    one, worker, stopping = await supervised(fall)
    await one.run(stopping)
    assert worker.calls == ["start", "step", "stop", "start", "step"]
    assert one.is_ready


async def test_the_third_crash_within_a_minute_is_one_too_many() -> None:
    one, worker, stopping = await supervised(*(ValueError(f"bug {number}") for number in range(CRASHES)))
    with pytest.raises(KeepsCrashing, match="frail crashed 3 times within a minute: ValueError: bug 2"):
        await one.run(stopping)
    assert worker.calls.count("start") == CRASHES


async def test_that_something_it_depends_on_is_down_is_no_crash_however_often() -> None:
    one, worker, stopping = await supervised(*(Unavailable("no broker") for _ in range(2 * CRASHES)))
    await one.run(stopping)
    assert worker.calls.count("step") == 2 * CRASHES + 1


async def test_a_cancelled_future_that_it_waited_for_is_a_crash_not_its_end() -> None:
    one, worker, stopping = await supervised(asyncio.CancelledError())
    await one.run(stopping)
    assert worker.calls == ["start", "step", "stop", "start", "step"]


async def test_who_is_cancelled_ends() -> None:
    _, worker, stopping = await supervised(ValueError("a bug"))
    running = asyncio.create_task(Supervised(worker, pause=3_600).run(stopping))
    await worker.stopped.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_between_a_crash_and_the_next_start_it_is_not_ready_and_a_stop_is_heard() -> None:
    stopping = asyncio.Event()
    worker = Frail(stopping, ValueError("a bug"))
    one = Supervised(worker, pause=3_600)
    await one.start(stopping)
    running = asyncio.create_task(one.run(stopping))
    await worker.stopped.wait()
    assert not one.is_ready
    stopping.set()
    await running
    assert worker.calls == ["start", "step", "stop"]


async def test_what_goes_wrong_at_the_first_start_is_told_to_the_caller() -> None:
    class Refusing(Frail):
        async def start(self) -> None:
            raise StartError("its ledger is broken")

    with pytest.raises(StartError, match="broken"):
        await Supervised(Refusing(asyncio.Event())).start(asyncio.Event())


async def test_a_start_waits_for_what_is_down() -> None:
    stopping = asyncio.Event()

    class Late(Frail):
        async def start(self) -> None:
            await super().start()
            if self.calls.count("start") < 3:
                raise Unavailable("no broker yet")

    worker = Late(stopping)
    one = Supervised(worker, pause=0)
    await one.start(stopping)
    assert worker.calls == ["start", "stop", "start", "stop", "start"]
    assert one.is_ready


async def test_a_start_that_waits_ends_when_asked_to() -> None:
    stopping = asyncio.Event()

    class Never(Frail):
        async def start(self) -> None:
            stopping.set()
            raise Unavailable("no broker")

    one = Supervised(Never(stopping), pause=60)
    await one.start(stopping)
    assert not one.is_ready
