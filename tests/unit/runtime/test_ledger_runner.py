"""The ledger runner with a toy machine: state comes back, intents are committed before deeds, time is in the data."""

# ruff: noqa: ARG002 -- the methods of a port keep its parameters

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from runtime.clock import NOW_HEADER, VirtualClock
from runtime.delivery import Breaker, Delivery, MostlyBugs
from runtime.errors import Unavailable
from runtime.ledger import LedgerWorker, audit
from runtime.log import Message
from runtime.machine import Action, Outcome, Step, Tick
from runtime.metrics import Metrics
from runtime.outputs import CAUSATION
from schemas.dead_letter import Fate
from tests.unit.runtime.toy import (
    INPUT,
    LEDGER,
    NOON,
    OUTPUT,
    Bell,
    Counter,
    Toy,
    buried,
    deployed,
    drained,
    memory_log,
    said,
    texts,
    toy_worker,
)


def state_of(worker: LedgerWorker[Counter], tenant: str = "acme", partition: int = 0) -> Counter:
    return worker._owned[partition]._books[tenant].state


async def test_state_comes_back_from_the_ledger() -> None:
    log = memory_log()
    await log.append([said(add=1), said(add=2)])
    first = toy_worker(deployed(log))
    await first.start()
    assert await drained(first) == 2
    await first.stop()
    await log.append([said(add=3)])
    second = toy_worker(deployed(log))
    await second.start()
    await drained(second)
    assert state_of(second).total == 6
    assert await texts(log) == ["total 1", "total 3", "total 6"]


async def test_outputs_and_entries_name_their_cause() -> None:
    log = memory_log()
    await log.append([said(add=1)])
    worker = toy_worker(deployed(log))
    await worker.start()
    await drained(worker)
    for topic in (OUTPUT, LEDGER):
        (found,) = [received async for received in log.read(topic, 0)]
        assert found.headers[CAUSATION] == f"{INPUT}/0/0"
        assert NOW_HEADER not in found.headers


async def test_many_inputs_share_a_transaction_and_each_has_its_entries() -> None:
    log = memory_log()
    await log.append([said(add=1) for _ in range(20)])
    worker = toy_worker(deployed(log))
    await worker.start()
    assert await worker.step(0) == 20
    lines = [line async for line in audit(log, LEDGER, 0)]
    assert [line.link.seq for line in lines] == list(range(1, 21))


async def test_poison_is_buried_in_the_same_transaction_and_blocks_nobody() -> None:
    log = memory_log()
    await log.append([said(bad=1), said(add=1), said(bug=1), said(add=2)])
    worker = toy_worker(deployed(log))
    await worker.start()
    await drained(worker)
    assert [(letter.fate, letter.offset) for letter in await buried(log)] == [(Fate.REJECTED, 0), (Fate.BUG, 2)]
    assert state_of(worker).total == 3


@pytest.mark.parametrize("name", ["", "\\xff not a tenant \x00", "ACME", "x" * 41])
async def test_a_message_of_no_possible_tenant_is_buried_and_never_reaches_the_machine(name: str) -> None:
    log = memory_log()
    await log.append([said(name, add=1), said(add=2)])
    worker = toy_worker(deployed(log), lookback_ms=60_000)
    await worker.start()
    await drained(worker)
    assert [(letter.fate, letter.tenant) for letter in await buried(log)] == [(Fate.REJECTED, name)]
    assert state_of(worker).total == 2
    await worker.stop()
    successor = toy_worker(deployed(log), lookback_ms=60_000)
    await successor.start()
    assert (state_of(successor).total, len(await buried(log))) == (2, 1)


async def test_a_state_that_was_half_folded_is_read_back() -> None:
    log = memory_log()
    await log.append([said(add=1), said(unfoldable=1), said(add=2)])
    worker = toy_worker(deployed(log))
    await worker.start()
    await drained(worker)
    assert state_of(worker).total == 3
    assert [(letter.fate, letter.offset) for letter in await buried(log)] == [(Fate.BUG, 1)]


async def test_tenants_do_not_share_state() -> None:
    log = memory_log()
    await log.append([said("acme", add=1), said("globex", add=5)])
    worker = toy_worker(deployed(log))
    await worker.start()
    await drained(worker)
    assert (state_of(worker).total, state_of(worker, "globex").total) == (1, 5)


class TestLiveActions:
    """Deeds are tasks that start after the commit; their outcomes are inputs."""

    async def test_an_outcome_comes_home(self) -> None:
        log, bell = memory_log(), Bell()
        await log.append([said(ring="b1")])
        worker = toy_worker(deployed(log), actor=bell)
        await worker.start()
        await drained(worker)
        while not state_of(worker).rung:
            await worker.step(1)
        assert bell.rings == [("b1", NOON)]
        assert await texts(log) == ["rung b1"]
        await worker.stop()

    async def test_the_intent_is_on_the_log_before_the_deed(self) -> None:
        log = memory_log()
        seen: list[list[str]] = []

        class Witness:
            async def perform(self, action: Action, now: int) -> Outcome:
                seen.append([line.entry.kind async for line in audit(log, LEDGER, 0)])
                return Outcome(action.uid, {})

        await log.append([said(ring="b1")])
        worker = toy_worker(deployed(log), actor=Witness())
        await worker.start()
        await drained(worker)
        await worker.stop()
        assert seen == [["ring"]]

    async def test_a_slow_deed_holds_up_nobody(self) -> None:
        log, gate = memory_log(), asyncio.Event()

        class Slow:
            async def perform(self, action: Action, now: int) -> Outcome:
                await gate.wait()
                return Outcome(action.uid, {})

        await log.append([said(ring="b1")])
        worker = toy_worker(deployed(log), actor=Slow())
        await worker.start()
        await drained(worker)
        await log.append([said(add=4)])
        while not state_of(worker).total:
            await worker.step(1)
        assert state_of(worker).rung == []
        gate.set()
        await worker.stop()
        assert await texts(log) == ["total 4", "rung b1"]

    async def test_what_is_open_is_taken_up_by_the_next_owner(self) -> None:
        log, bell = memory_log(), Bell()

        await log.append([said(ring="b1")])
        first = toy_worker(deployed(log), actor=None)
        await first.start()
        await first.step(0)
        await crash(first)
        second = toy_worker(deployed(log), actor=bell)
        await second.start()
        while not state_of(second).rung:
            await second.step(1)
        assert [uid for uid, _ in bell.rings] == ["b1"]
        await second.stop()

    @pytest.mark.parametrize(
        ("error", "failure"), [(Unavailable("down"), "unavailable"), (KeyError("oops"), "bug")], ids=["down", "bug"]
    )
    async def test_an_actor_that_raises_brings_home_a_failure(self, error: Exception, failure: str) -> None:
        class Broken:
            async def perform(self, action: Action, now: int) -> Outcome:
                raise error

        log = memory_log()
        await log.append([said(ring="b1")])
        worker = toy_worker(deployed(log), actor=Broken())
        await worker.start()
        await drained(worker)
        while not state_of(worker).rung:
            await worker.step(1)
        last = [line async for line in audit(log, LEDGER, 0)][-1]
        assert last.entry.data["failure"] == failure
        await worker.stop()


async def crash(worker: LedgerWorker[Counter]) -> None:
    """Leave the group as a killed process does: nothing more is committed."""
    for partition in worker._owned.values():
        partition.sound = False
    await worker.stop()


class TestVirtualTime:
    """In a replay time stands in the headers: deadlines and outcomes fall between the inputs where they belong."""

    async def test_deadlines_and_outcomes_fire_at_their_own_instants(self) -> None:
        log, bell = memory_log(), Bell()
        await log.append(
            [said(now=100, alarm=150), said(now=120, ring="b1"), said(now=200, add=1), said(now=300, add=1)]
        )
        worker = toy_worker(deployed(log, virtual=True), actor=bell, latency=lambda _: 100)
        await worker.start()
        await drained(worker)
        assert await texts(log) == ["alarm 150", "total 1", "rung b1", "total 2"]
        assert bell.rings == [("b1", 120)]
        stamps = [received.headers[NOW_HEADER] async for received in log.read(OUTPUT, 0)]
        assert stamps == ["150", "200", "220", "300"]

    async def test_time_is_driven_past_the_end_of_the_input(self) -> None:
        log, clock = memory_log(), VirtualClock()
        await log.append([said(now=100, alarm=5_000)])
        worker = toy_worker(deployed(log, clock, virtual=True))
        await worker.start()
        await drained(worker)
        assert worker.deadline() == 5_000
        assert await worker.advance(4_999) == 0
        assert await worker.advance(9_000) == 1
        assert worker.deadline() is None
        assert clock.now() == 9_000
        assert await texts(log) == ["alarm 5000"]

    async def test_topics_are_merged_by_virtual_time(self) -> None:
        log = memory_log()
        await log.append([said(now=300, add=2), Message("decisions", "acme", "d", b'{"add": 1}', {NOW_HEADER: "200"})])
        where = deployed(log, virtual=True)
        toy = toy_worker(where)
        worker = LedgerWorker(where, "respond", LEDGER, toy._service.machine, [INPUT, "decisions"],
                              delivery=toy._service.delivery)  # fmt: skip
        await worker.start()
        await drained(worker)
        assert await texts(log) == ["total 1", "total 3"]


class Deaf(Toy):
    """Leaves its deadline where it is."""

    def deadline(self, state: Counter) -> int | None:
        return NOON - 5

    def tick(self, state: Counter, tick: Tick, now: int) -> Step:
        return Step()


async def test_a_deadline_that_never_moves_does_not_spin() -> None:
    log = memory_log()
    await log.append([said(add=1)])
    worker = toy_worker(deployed(log), machine=Deaf())
    await worker.start()
    await drained(worker)
    assert worker.deadline() == NOON + 1_000


class Broken(Toy):
    """Cannot bear a tick."""

    def tick(self, state: Counter, tick: Tick, now: int) -> Step:
        raise KeyError("tick")


async def test_a_tick_that_fails_is_buried_once_and_comes_ever_more_rarely() -> None:
    log, clock = memory_log(), VirtualClock(NOON)
    await log.append([said(alarm=NOON + 10)])
    worker = toy_worker(deployed(log, clock), machine=Broken())
    await worker.start()
    await drained(worker)
    pauses = []
    for _ in range(8):
        due = worker.deadline()
        assert due is not None
        pauses.append(due - clock.now())
        clock.advance(due)
        assert await worker.step(0) == 1
    assert pauses == [10, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]
    (letter,) = await buried(log)
    assert (letter.fate, letter.offset, letter.key) == (Fate.BUG, -1, "acme/tick/1")
    await log.append([said(add=3)])
    await drained(worker)
    assert state_of(worker).total == 3


async def test_a_tenant_that_fails_does_not_stop_the_service() -> None:
    """The breaker is for a topic's messages; a tick that fails for ever must not open it."""
    log, clock = memory_log(), VirtualClock(NOON)
    await log.append([said(alarm=NOON + 10)])
    delivery = Delivery("respond", metrics=Metrics(CollectorRegistry()), breaker=Breaker(4))
    worker = toy_worker(deployed(log, clock), machine=Broken(), delivery=delivery)
    await worker.start()
    for _ in range(20):
        await drained(worker)
        clock.advance(worker.deadline() or 0)
    await log.append([said("globex", add=1)])
    await drained(worker)
    assert state_of(worker, "globex").total == 1


async def test_an_exception_beyond_handling_commits_nothing_of_the_batch() -> None:
    log = memory_log()
    await log.append([said(add=1), said(bug=1), said(bug=1), said(bug=1)])
    delivery = Delivery("respond", metrics=Metrics(CollectorRegistry()), breaker=Breaker(2))
    worker = toy_worker(deployed(log), delivery=delivery)
    await worker.start()
    with pytest.raises(MostlyBugs):
        await worker.step(0)
    await worker.stop()
    assert await texts(log) == []
    heir = toy_worker(deployed(log))
    await heir.start()
    assert await drained(heir) == 4
