"""The hash chain and the snapshots: what was written is what is read, or nothing is decided on it."""

# ruff: noqa: ARG002, ARG005 -- the methods of a port keep its parameters

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from runtime.embedded import EmbeddedLog
from runtime.ledger import BrokenLedger, audit
from runtime.ledger.chain import GENESIS, Link, forge, message_of, snapshot_entries, state_of, upcast
from runtime.log import Message, Received, TopicPartition
from runtime.machine import Entry
from tests.unit.runtime.toy import (
    INPUT,
    LEDGER,
    NAME,
    Counter,
    Toy,
    deployed,
    drained,
    memory_log,
    said,
    texts,
    toy_worker,
)

Tamper = Callable[[list[Message]], list[Message]]


def chained(*entries: Entry, tenant: str = "acme") -> list[Message]:
    """A ledger of these entries."""
    link, messages = Link(), []
    for at, entry in enumerate(entries):
        line = forge(tenant, link, entry, at)
        link = line.link
        messages.append(message_of(line, LEDGER))
    return messages


def additions(count: int) -> list[Message]:
    return chained(*(Entry("add", "", {"add": number}) for number in range(1, count + 1)))


def changed(message: Message, **fields: Any) -> Message:
    value = orjson.dumps(orjson.loads(message.value) | fields)
    return Message(message.topic, message.tenant, message.key, value, message.headers)


async def taken_over(log: EmbeddedLog, **options: Any) -> Counter:
    worker = toy_worker(deployed(log), **options)
    await worker.start()
    await drained(worker)
    state = worker._owned[0]._books["acme"].state
    await worker.stop()
    return state


def test_an_entry_is_json_that_names_its_predecessor() -> None:
    first, second = (orjson.loads(message.value) for message in additions(2))
    assert set(first) == {"v", "tenant", "seq", "kind", "key", "at", "data", "prev", "hash"}
    assert (first["prev"], second["prev"]) == (GENESIS, first["hash"])
    assert (first["seq"], second["seq"]) == (1, 2)


def test_what_is_folded_now_is_what_will_be_read_back() -> None:
    line = forge("acme", Link(), Entry("k", "", {"pair": (1, 2), "b": {"y": 1, "x": 2}}), 0)
    assert line.entry.data == {"pair": [1, 2], "b": {"x": 2, "y": 1}}


async def test_a_ledger_of_others_making_is_folded() -> None:
    log = memory_log()
    await log.append(additions(4))
    assert (await taken_over(log)).total == 10


@pytest.mark.parametrize(
    ("tamper", "place", "reason"),
    [
        (lambda m: [m[0], changed(m[1], data={"add": 9}), m[2]], 1, "its hash is not that of its content"),
        (lambda m: [m[0], changed(m[1], at=99), m[2]], 1, "its hash is not that of its content"),
        (lambda m: [m[0], m[2]], 1, "entry 3 does not follow entry 1"),
        (lambda m: [m[1], m[2]], 0, "entry 2 does not follow entry 0"),
        (lambda m: [m[0], m[2], m[1]], 1, "entry 3 does not follow entry 1"),
        (lambda m: [m[0], m[0]], 1, "entry 1 does not follow entry 1"),
        (lambda m: [m[0], Message(LEDGER, "acme", "", b"{}")], 1, "it has not the fields of an entry"),
        (lambda m: [Message(LEDGER, "acme", "", b"\xff")], 0, "it is not JSON"),
        (lambda m: [Message(LEDGER, "globex", "", m[0].value)], 0, "it stands under the tenant 'globex'"),
        (lambda m: [changed(m[0], extra=1)], 0, "it has not the fields of an entry"),
        (lambda m: [m[0], *chained(Entry("nonsense", "", {}))], 1, "entry 1 does not follow entry 1"),
    ],
)
async def test_a_tampered_ledger_is_refused_and_its_place_named(tamper: Tamper, place: int, reason: str) -> None:
    log = memory_log()
    await log.append(tamper(additions(3)))
    await log.append([said(add=1)])
    worker = toy_worker(deployed(log))
    with pytest.raises(BrokenLedger) as caught:
        await worker.start()
    assert f"{LEDGER}/0/{place}" in str(caught.value)
    assert reason in str(caught.value)
    await worker.stop()
    assert await texts(log) == []
    with pytest.raises(BrokenLedger):
        _ = [line async for line in audit(log, LEDGER, 0)]


async def test_an_entry_that_cannot_be_folded_is_named() -> None:
    log = memory_log()
    await log.append(chained(Entry("add", "", {"add": 1}), Entry("unfoldable", "", {})))
    worker = toy_worker(deployed(log))
    with pytest.raises(BrokenLedger, match=r"respond\.ledger/0/1 cannot be folded: ValueError: half-way"):
        await worker.start()
    await worker.stop()


async def test_old_versions_are_cast_up() -> None:
    log = memory_log()
    await log.append(chained(Entry("plus", "", {"n": 5}), Entry("add", "", {"by": 2}, version=1)))
    upcasters = {
        ("plus", 1): lambda entry: Entry("add", entry.key, {"by": entry.data["n"]}, 1),
        ("add", 1): lambda entry: Entry("add", entry.key, {"add": entry.data["by"]}, 2),
    }
    assert (await taken_over(log, upcasters=upcasters)).total == 7
    assert upcast(Entry("other", "", {}), upcasters) == Entry("other", "", {})


class TestSnapshots:
    """A snapshot makes what lies before it needless, and stands in the same chain."""

    async def written(self, log: EmbeddedLog, count: int, every: int) -> None:
        await log.append([said(add=1) for _ in range(count)])
        worker = toy_worker(deployed(log), snapshot_every=every, limit=10)
        await worker.start()
        await drained(worker)
        await worker.stop()

    async def test_one_is_written_every_so_many_entries(self) -> None:
        log = memory_log()
        await self.written(log, 95, 20)
        kinds = [line.entry.kind async for line in audit(log, LEDGER, 0)]
        assert [at for at, kind in enumerate(kinds) if kind == "ledger.snapshot"] == [20, 41, 62, 83]

    async def test_the_state_comes_from_the_newest_one(self) -> None:
        log = memory_log()
        await self.written(log, 25, 10)

        class Strict(Toy):
            folded = 0

            def fold(self, state: Counter, entry: Entry) -> Counter:
                self.folded += 1
                return super().fold(state, entry)

        strict = Strict()
        assert (await taken_over(log, machine=strict)).total == 25
        assert strict.folded == 5

    async def test_a_later_start_reads_from_there_on(self) -> None:
        log = memory_log()
        await self.written(log, 25, 10)
        await log.append([said(add=1)])
        await taken_over(log)  # finds the newest snapshot, and commits where it stands
        worker = toy_worker(deployed(log))
        await worker.start()
        assert worker._owned[0]._start == 21
        assert worker._owned[0]._books["acme"].state.total == 26
        await worker.stop()

    async def test_a_changed_one_is_refused(self) -> None:
        log = memory_log()
        await self.written(log, 10, 10)
        forged = EmbeddedLog(None, log._store.clock)
        async for received in log.read(LEDGER, 0):
            value = received.value.replace(b'\\"total\\":10', b'\\"total\\":99')
            await forged.append([Message(LEDGER, received.tenant, received.key, value, received.headers)])
        worker = toy_worker(deployed(forged))
        with pytest.raises(BrokenLedger, match="its hash is not that of its content"):
            await worker.start()
        await worker.stop()

    def test_a_large_state_travels_in_pieces(self) -> None:
        state = {"text": "\u00e4\x00" * 600_000}
        entries = snapshot_entries(state)
        assert len(entries) > 1
        link, lines = Link(), []
        for entry in entries:
            lines.append(forge("acme", link, entry, 0))
            link = lines[-1].link
        last = Received(LEDGER, 0, 9, "acme", "", b"", {}, 0)
        assert state_of(lines, last) == state
        with pytest.raises(BrokenLedger, match="not whole"):
            state_of(lines[1:], last)

    async def test_a_state_that_is_no_json_costs_only_the_snapshot(self) -> None:
        class Odd(Toy):
            def snapshot(self, state: Counter) -> dict[str, Any]:
                return {"set": {1, 2}}

        log = memory_log()
        await log.append([said(add=1) for _ in range(5)])
        assert (await taken_over(log, machine=Odd(), snapshot_every=2)).total == 5
        assert (await taken_over(log)).total == 5


async def test_offsets_of_the_ledger_itself_stay_with_the_group() -> None:
    log = memory_log()
    await log.append([said(add=1)])
    await taken_over(log)
    async with log.subscribe(NAME, [INPUT], _ignore, _ignore) as subscription:
        assert await subscription.committed(TopicPartition(INPUT, 0)) == 1


async def _ignore(_: frozenset[int]) -> None: ...


async def test_a_quiet_tenant_does_not_hold_the_start_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its old entries would make every start read the whole ledger; so it is given a new snapshot."""
    monkeypatch.setattr("runtime.ledger.replay._NEAR", 10)
    log = memory_log()
    await log.append([said("quiet", add=1), *(said("acme", add=1) for _ in range(60))])
    starts = []
    for _ in range(3):
        worker = toy_worker(deployed(log), snapshot_every=10, limit=5)
        await worker.start()
        await drained(worker)
        starts.append(worker._owned[0]._start)
        assert worker._owned[0]._books["quiet"].state.total == 1
        await worker.stop()
    assert starts[:2] == [0, 0]
    assert starts[2] > 50
