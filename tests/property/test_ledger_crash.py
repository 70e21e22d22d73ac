"""Any crash between two steps of the ledger runner, and a new start, lead to the same end, with no doubled output."""

# ruff: noqa: ARG002 -- the methods of a port keep its parameters

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.embedded import EmbeddedLog
from runtime.ledger import BrokenLedger, LedgerWorker, audit
from runtime.log import Message, OnAssigned, OnRevoked, Ownership, Received, Subscription, TopicPartition
from runtime.machine import Action, Outcome
from tests.unit.runtime.toy import LEDGER, OUTPUT, Counter, deployed, memory_log, said, texts, toy_worker

TENANTS = ("acme", "globex")


class Killed(BaseException):
    """The process ends here."""


class Deaths:
    """When to die: at these steps, counted over all lives; odd ones before the deed, even ones after it."""

    def __init__(self, steps: Iterable[int]) -> None:
        self._steps = set(steps)
        self._count = 0
        self.died = False

    def perhaps(self) -> None:
        self._count += 1
        if self._count in self._steps:
            self.died = True
            raise Killed


class MortalOwnership:
    def __init__(self, inner: Ownership, deaths: Deaths) -> None:
        self._inner = inner
        self._deaths = deaths
        self.partition = inner.partition
        self.epoch = inner.epoch

    async def commit(self, outputs: Sequence[Message], upto: Mapping[TopicPartition, int], group: str) -> None:
        self._deaths.perhaps()
        await self._inner.commit(outputs, upto, group)
        self._deaths.perhaps()


class MortalLog:
    """The log, seen by a process that may die at each of its calls."""

    def __init__(self, inner: EmbeddedLog, deaths: Deaths) -> None:
        self._inner = inner
        self._deaths = deaths

    async def append(self, messages: Sequence[Message]) -> None:
        await self._inner.append(messages)

    def subscribe(
        self, group: str, topics: Sequence[str], on_assigned: OnAssigned, on_revoked: OnRevoked
    ) -> AbstractAsyncContextManager[Subscription]:
        return self._inner.subscribe(group, topics, on_assigned, on_revoked)

    async def own(self, service: str, partition: int) -> Ownership:
        self._deaths.perhaps()
        return MortalOwnership(await self._inner.own(service, partition), self._deaths)

    def read(self, topic: str, partition: int, start: int = 0) -> AsyncIterator[Received]:
        return self._inner.read(topic, partition, start)

    async def partitions(self, topic: str) -> int:
        return await self._inner.partitions(topic)

    async def offset_at(self, place: TopicPartition, instant: int) -> int:
        return await self._inner.offset_at(place, instant)

    async def close(self) -> None: ...


class World:
    """Where bells ring. A bell is a level: ringing it twice is found out before the second time."""

    def __init__(self, deaths: Deaths, virtual: bool) -> None:
        self.rung: list[str] = []
        self._deaths = deaths
        self._virtual = virtual

    async def perform(self, action: Action, now: int) -> Outcome:
        try:
            self._deaths.perhaps()
            if action.uid not in self.rung:
                self.rung.append(action.uid)
            self._deaths.perhaps()
        except Killed:
            if self._virtual:
                raise
            await asyncio.Event().wait()  # a task of a dead process never ends
        return Outcome(action.uid, {})


async def abandon(worker: LedgerWorker[Counter]) -> None:
    """Let go of a dead process's tasks and membership; nothing more is committed."""
    for partition in worker._owned.values():
        partition.sound = False
    await worker.stop()


async def live(worker: LedgerWorker[Counter], deaths: Deaths) -> dict[str, Counter]:
    """One life, until there is nothing left to do."""
    deaths.died = False
    await worker.start()
    while await busy(worker):
        await asyncio.sleep(0)
        if deaths.died:
            raise Killed
    return {t: book.state for p in worker._owned.values() for t, book in p._books.items()}


async def busy(worker: LedgerWorker[Counter]) -> bool:
    """Do what is to be done now, else let virtual time pass to what comes next."""
    if await worker.step(0) or worker._actions.running:
        return True
    due = worker.deadline()
    return due is not None and bool(await worker.advance(due))


async def lived(inputs: Sequence[Message], steps: Iterable[int], virtual: bool, **options: Any) -> tuple[Any, ...]:
    log, deaths = memory_log(), Deaths(steps)
    world = World(deaths, virtual)
    await log.append(inputs)
    while True:
        worker = toy_worker(deployed(MortalLog(log, deaths), virtual=virtual), actor=world, **options)
        try:
            states = await live(worker, deaths)
        except Killed:
            await abandon(worker)
            continue
        await worker.stop()
        break
    _ = [line async for line in audit(log, LEDGER, 0)]
    outputs = await texts(log, OUTPUT)
    totals = [text for text in outputs if text.startswith("total")]
    facts = {t: (s.total, sorted(s.rung), s.alarm, s.open) for t, s in states.items() if s != Counter()}
    letters = len(await texts(log, "dead-letters"))
    await log.close()
    return facts, totals, sorted(outputs), sorted(world.rung), letters


adds = st.builds(lambda tenant, n: said(tenant, now=n, add=n), st.sampled_from(TENANTS), st.integers(1, 9))
poison = st.sampled_from([said(bad=1), said(bug=1), said("globex", unfoldable=1)])
alarms = st.builds(lambda tenant, n: said(tenant, now=1, alarm=n), st.sampled_from(TENANTS), st.integers(1, 30))


@st.composite
def scripts(draw: st.DrawFn) -> list[Message]:
    """Inputs with bells of their own names, as uids are unique."""
    script = draw(st.lists(st.one_of(adds, poison), max_size=10))
    for number in range(draw(st.integers(0, 3))):
        script.insert(draw(st.integers(0, len(script))), said(draw(st.sampled_from(TENANTS)), ring=f"b{number}"))
    return script


crashes = st.sets(st.integers(1, 25), max_size=6)


@pytest.mark.parametrize("virtual", [False, True], ids=["live", "virtual"])
@settings(max_examples=60, deadline=None)
@given(script=scripts(), steps=crashes, limit=st.integers(1, 6), every=st.integers(1, 5))
def test_a_crash_changes_nothing(virtual: bool, script: list[Message], steps: set[int], limit: int, every: int) -> None:
    options = {"limit": limit, "snapshot_every": every}
    undisturbed = asyncio.run(lived(script, (), virtual, **options))
    assert asyncio.run(lived(script, steps, virtual, **options)) == undisturbed


@settings(max_examples=40, deadline=None)
@given(script=st.lists(st.one_of(adds, alarms), max_size=10), limit=st.integers(1, 6))
def test_virtual_time_makes_batches_invisible(script: list[Message], limit: int) -> None:
    """The same input leads to the same output, byte by byte and stamp by stamp, however it is cut into batches."""

    async def outputs(limit: int) -> list[tuple[bytes, Mapping[str, str]]]:
        log = memory_log()
        await log.append(sorted(script, key=lambda one: int(one.headers["stanch-now"])))
        worker = toy_worker(deployed(log, virtual=True), limit=limit)
        await live(worker, Deaths(()))
        await worker.stop()
        return [(received.value, received.headers) async for received in log.read(OUTPUT, 0)]

    assert asyncio.run(outputs(limit)) == asyncio.run(outputs(100))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_changed_byte_of_a_ledger_is_found(data: st.DataObject) -> None:
    asyncio.run(found_out(data))


async def found_out(data: st.DataObject) -> None:
    log = memory_log()
    await log.append([said(add=number) for number in range(1, 5)])
    worker = toy_worker(deployed(log), snapshot_every=3)
    await live(worker, Deaths(()))
    await worker.stop()
    lines = [received async for received in log.read(LEDGER, 0)]
    victim = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(0, len(lines[victim].value) - 1))
    flip = data.draw(st.integers(1, 255))
    value = bytearray(lines[victim].value)
    value[at] ^= flip
    forged = memory_log()
    for index, line in enumerate(lines):
        content = bytes(value) if index == victim else line.value
        await forged.append([Message(LEDGER, line.tenant, line.key, content, line.headers)])
    with pytest.raises(BrokenLedger, match=f"{LEDGER}/0/{victim}"):
        _ = [line async for line in audit(forged, LEDGER, 0)]
