"""The runners on every log: what they promise must not depend on the adapter."""

# ruff: noqa: ARG002 -- the methods of a port keep its parameters

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from runtime.clock import VirtualClock
from runtime.errors import StartError
from runtime.ledger import LedgerWorker, audit
from runtime.log import Log, Message
from runtime.machine import Action, Outcome
from runtime.stream import StreamWorker
from tests.contract.log_adapters import ADAPTERS, Adapter
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
    quiet_delivery,
    said,
    texts,
    toy_worker,
)

PARTITIONS = 4
TENANTS = ("acme", "globex", "initech", "umbrella", "hooli", "stark")


@pytest.fixture(params=ADAPTERS, ids=str)
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    adapter: Adapter = request.param
    async with adapter.open(tmp_path, VirtualClock(NOON), PARTITIONS) as opened:
        yield opened


def totals(*workers: LedgerWorker[Counter]) -> dict[str, int]:
    return {
        tenant: book.state.total
        for worker in workers
        for partition in worker._owned.values()
        for tenant, book in partition._books.items()
    }


async def everything(log: Log, topic: str) -> list[str]:
    return [text for partition in range(await log.partitions(topic)) for text in await texts(log, topic, partition)]


async def settled(*workers: LedgerWorker[Counter]) -> None:
    while sum([await worker.step(0) for worker in workers]):
        pass


async def test_each_tenant_is_counted_once_in_its_partition(log: Log) -> None:
    await log.append([said(tenant, add=number) for number, tenant in enumerate(TENANTS)])
    worker = toy_worker(deployed(log))
    await worker.start()
    await settled(worker)
    assert totals(worker) == {tenant: number for number, tenant in enumerate(TENANTS)}
    await worker.stop()


async def test_two_workers_share_the_partitions_and_a_third_inherits(log: Log) -> None:
    await log.append([said(tenant, add=1) for tenant in TENANTS])
    first, second = toy_worker(deployed(log)), toy_worker(deployed(log))
    await first.start()
    await settled(first)
    await second.start()
    await log.append([said(tenant, add=1) for tenant in TENANTS])
    await settled(first, second)
    assert set(first._owned).isdisjoint(second._owned)
    assert len(first._owned) == len(second._owned) == PARTITIONS // 2
    assert totals(first, second) == dict.fromkeys(TENANTS, 2)
    await first.stop()
    await second.stop()
    heir = toy_worker(deployed(log))
    await heir.start()
    assert totals(heir) == dict.fromkeys(TENANTS, 2)
    assert len(await everything(log, OUTPUT)) == 2 * len(TENANTS)
    await heir.stop()


async def test_an_owner_that_was_fenced_commits_nothing_and_begins_again_while_it_is_a_member(log: Log) -> None:
    """A commit whose answer was lost looks the same as a newer owner: the ledger tells what became of it."""
    worker = toy_worker(deployed(log))
    await worker.start()
    await log.append([said("acme", add=1)])
    await settled(worker)
    for partition in range(PARTITIONS):
        await log.own("respond", partition)
    await log.append([said("acme", add=1)])
    await worker.step(0)
    assert len(worker._owned) == PARTITIONS - 1
    assert await everything(log, OUTPUT) == ["total 1"]
    await log.append([said("acme", add=1)])
    await settled(worker)
    assert totals(worker) == {"acme": 3}
    assert await everything(log, OUTPUT) == ["total 1", "total 2", "total 3"]
    await worker.stop()


async def test_poison_in_one_partition_blocks_no_other(log: Log) -> None:
    await log.append([said(tenant, bug=1) for tenant in TENANTS])
    await log.append([said(tenant, add=1) for tenant in TENANTS])
    worker = toy_worker(deployed(log))
    await worker.start()
    await settled(worker)
    assert totals(worker) == dict.fromkeys(TENANTS, 1)
    assert len(await everything(log, "dead-letters")) == len(TENANTS)
    await worker.stop()


async def test_an_open_deed_is_waited_for_when_the_worker_stops(log: Log) -> None:
    await log.append([said(ring="b1")])
    worker = toy_worker(deployed(log), actor=Bell())
    await worker.start()
    await worker.step(0)
    await worker.stop()
    assert await everything(log, OUTPUT) == ["rung b1"]


class TestBroadcast:
    """Modes are told to every tenant: at the start, to a fresh one, and when they change."""

    def mode(self, mode: str, key: str = "*") -> Message:
        return Message("modes", "*", key, orjson.dumps({"mode": mode}))

    def modes(self, worker: LedgerWorker[Counter]) -> dict[str, str]:
        return {t: book.state.mode for p in worker._owned.values() for t, book in p._books.items()}

    async def test_a_fresh_tenant_knows_the_newest_before_its_first_input(self, log: Log) -> None:
        await log.append([self.mode("OLD"), self.mode("ARMED")])
        await log.append([said("acme", add=1)])
        worker = toy_worker(deployed(log), broadcast=["modes"])
        await worker.start()
        await settled(worker)
        assert self.modes(worker) == {"acme": "ARMED"}
        lines = [line for p in range(PARTITIONS) async for line in audit(log, LEDGER, p)]
        assert [(line.entry.kind, line.entry.data) for line in lines] == [
            ("mode", {"mode": "ARMED"}),
            ("add", {"add": 1}),
        ]
        await worker.stop()

    async def test_a_change_reaches_every_tenant(self, log: Log) -> None:
        await log.append([said(tenant, add=1) for tenant in TENANTS])
        worker = toy_worker(deployed(log), broadcast=["modes"])
        await worker.start()
        await settled(worker)
        await log.append([self.mode("HALT")])
        await worker.step(0)
        assert self.modes(worker) == dict.fromkeys(TENANTS, "HALT")
        await worker.stop()

    async def test_it_is_known_before_what_is_open_is_taken_up(self, log: Log) -> None:
        await log.append([said("acme", ring="b1")])
        first = toy_worker(deployed(log))
        await first.start()
        await first.step(0)
        for partition in first._owned.values():
            partition.sound = False
        await first.stop()
        seen: list[str] = []

        class Heedful(Toy):
            def tick(self, state: Counter, tick: Any, now: int) -> Any:
                seen.append(state.mode)
                return super().tick(state, tick, now)

        await log.append([self.mode("HALT")])
        second = toy_worker(deployed(log), broadcast=["modes"], machine=Heedful(), actor=Bell())
        await second.start()
        await second.stop()
        assert seen == ["HALT"]

    async def test_a_poisoned_one_is_buried_once(self, log: Log) -> None:
        await log.append([Message("modes", "*", "*", b'{"bad": 1}')])
        await log.append([said(tenant, add=1) for tenant in TENANTS])
        worker = toy_worker(deployed(log), broadcast=["modes"])
        await worker.start()
        await settled(worker)
        assert totals(worker) == dict.fromkeys(TENANTS, 1)
        assert len(await everything(log, "dead-letters")) == 1
        await worker.stop()


class TestRebuild:
    """A projection comes back from the inputs of the look-back; nothing is emitted meanwhile."""

    async def test_what_was_decided_on_is_shown_again(self, log: Log) -> None:
        await log.append([said("acme", add=1), said("acme", add=2)])
        first = toy_worker(deployed(log))
        await first.start()
        await settled(first)
        await first.stop()
        await log.append([said("acme", add=3)])
        before = len(await everything(log, LEDGER))
        second = toy_worker(deployed(log), lookback_ms=60_000)
        await second.start()
        (book,) = [p._books["acme"] for p in second._owned.values() if "acme" in p._books]
        assert book.state.graph == ['{"add":1}', '{"add":2}']
        assert book.state.total == 3
        assert len(await everything(log, LEDGER)) == before
        await settled(second)
        assert book.state.total == 6
        await second.stop()

    async def test_what_is_older_is_not(self, log: Log) -> None:
        await log.append([said("acme", add=1)])
        first = toy_worker(deployed(log))
        await first.start()
        await settled(first)
        await first.stop()
        later = VirtualClock(NOON + 120_000)
        second = toy_worker(deployed(log, later), lookback_ms=60_000)
        await second.start()
        assert [book.state.graph for p in second._owned.values() for book in p._books.values()] == [[]]
        await second.stop()


async def test_topics_that_are_not_co_partitioned_are_refused(log: Log) -> None:
    where = deployed(log)
    worker = LedgerWorker(where, "respond", LEDGER, Toy(), [INPUT, "modes"], delivery=quiet_delivery())
    with pytest.raises(StartError, match="the same number of partitions"):
        await worker.start()


async def test_services_in_a_row(log: Log) -> None:
    """Stream, ledger, stream: what one publishes the next one reads, and every cause can be followed back."""
    where = deployed(log)
    head = StreamWorker(where, "detect.match", ["events"], lambda r, _: [said(r.tenant, add=len(r.value))],
                        delivery=quiet_delivery())  # fmt: skip
    middle = toy_worker(where)
    await head.start()
    await middle.start()
    await log.append([Message("events", "acme", "h", b"four"), Message("events", "acme", "h", b"fives")])
    while await head.step(0) + await middle.step(0):
        pass
    assert await everything(log, OUTPUT) == ["total 4", "total 9"]
    causes = [r.headers["causation"] for p in range(PARTITIONS) async for r in log.read(OUTPUT, p)]
    assert all(cause.startswith(f"{INPUT}/") for cause in causes)
    assert await buried(log) == []
    await head.stop()
    await middle.stop()


async def test_a_deed_is_never_started_when_its_commit_is_fenced(log: Log) -> None:
    rung: list[str] = []

    class Witness:
        async def perform(self, action: Action, now: int) -> Outcome:
            rung.append(action.uid)
            return Outcome(action.uid, {})

    worker = toy_worker(deployed(log), actor=Witness())
    await worker.start()
    for partition in range(PARTITIONS):
        await log.own("respond", partition)
    await log.append([said("acme", ring="b1")])
    await worker.step(0)
    await worker.stop()
    assert rung == []


class TestTornSteps:
    """A step that is cut short, by an exception or a cancellation, leaves nothing behind: the next one begins again."""

    @pytest.mark.parametrize("after", [1, 2, 3])
    async def test_of_a_ledger_worker(self, log: Log, after: int) -> None:
        class Clumsy(Toy):
            left = after

            def decide(self, state: Counter, given: Any, now: int) -> Any:
                self.left -= 1
                if self.left == 0:
                    raise KeyboardInterrupt
                return super().decide(state, given, now)

        await log.append([said(tenant, add=1) for tenant in TENANTS])
        worker = toy_worker(deployed(log), machine=Clumsy())
        await worker.start()
        with pytest.raises(KeyboardInterrupt):
            await worker.step(0)
        await settled(worker)
        assert totals(worker) == dict.fromkeys(TENANTS, 1)
        assert len(await everything(log, OUTPUT)) == len(TENANTS)
        await worker.stop()

    async def test_of_a_stream_worker(self, log: Log) -> None:
        seen: list[str] = []

        def clumsy(received: Any, now: int) -> list[Message]:
            seen.append(received.tenant)
            if len(seen) == 3:
                raise KeyboardInterrupt
            return [Message(OUTPUT, received.tenant, "h", received.tenant.encode())]

        await log.append([said(tenant, add=1) for tenant in TENANTS])
        worker = StreamWorker(deployed(log), "archive", [INPUT], clumsy, delivery=quiet_delivery())
        await worker.start()
        with pytest.raises(KeyboardInterrupt):
            await worker.step(0)
        while await worker.step(0):
            pass
        assert sorted(await everything(log, OUTPUT)) == sorted(TENANTS)
        await worker.stop()
