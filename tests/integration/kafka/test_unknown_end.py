"""A transaction whose end nobody confirmed: its owner is void, and the ledger tells the next one what became of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.transaction import EndTxnRequest

from runtime.clock import WallClock
from runtime.errors import Fenced
from runtime.kafka import KafkaLog, ownership
from runtime.log import Log, Message, TopicPartition
from tests.contract.log_adapters import content, finding, ignore
from tests.contract.log_topics import have_topics, prefix_of
from tests.unit.runtime.toy import deployed, drained, said, texts, toy_worker

FINDINGS = TopicPartition("findings", 0)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    opened = KafkaLog(have_topics(tmp_path), WallClock(), prefix_of(tmp_path))
    yield opened
    await opened.close()


class Cut:
    """The network, which lets everything through but one kind of answer, or the request for it as well."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, arrives: bool) -> None:
        self.is_cut = True
        sound: Any = AIOKafkaClient.send

        async def send(client: AIOKafkaClient, node: int, request: Any, **options: Any) -> Any:
            if not self.is_cut or not isinstance(request, EndTxnRequest):
                return await sound(client, node, request, **options)
            if arrives:
                await sound(client, node, request, **options)
            raise KafkaConnectionError("cut")

        monkeypatch.setattr(AIOKafkaClient, "send", send)
        monkeypatch.setattr(ownership, "COMMIT_SECONDS", 1.0)


@pytest.mark.parametrize("arrives", [True, False], ids=["committed", "aborted"])
async def test_its_owner_does_not_say_that_nothing_happened(
    log: Log, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    await log.append([finding("a")])
    owner = await log.own("respond", 0)
    cut = Cut(monkeypatch, arrives=arrives)
    for _ in range(2):
        with pytest.raises(Fenced):
            await owner.commit([Message("respond.ledger", "acme", "lane", b"1")], {FINDINGS: 1}, "g")
    cut.is_cut = False
    heir = await log.own("respond", 0)
    async with log.subscribe("g", ["findings"], ignore, ignore) as subscription:
        assert await subscription.committed(FINDINGS) == int(arrives)
    assert await content(log, "respond.ledger") == ["1"] * arrives
    await heir.commit([Message("respond.ledger", "acme", "lane", b"2")], {}, "g")
    assert await content(log, "respond.ledger") == ["1"] * arrives + ["2"]


@pytest.mark.parametrize("arrives", [True, False], ids=["committed", "aborted"])
async def test_a_service_takes_its_partition_anew_and_decides_once(
    log: Log, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    worker = toy_worker(deployed(log, WallClock()))
    await worker.start()
    await log.append([said("acme", add=1)])
    cut = Cut(monkeypatch, arrives=arrives)
    await worker.step(0)
    assert not worker._owned
    cut.is_cut = False
    await log.append([said("acme", add=1)])
    await drained(worker)
    assert await texts(log) == ["total 1", "total 2"]
    await worker.stop()


async def test_a_step_that_is_cut_short_within_a_commit_is_done_again_once(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = toy_worker(deployed(log, WallClock()))
    await worker.start()
    await log.append([said("acme", add=1)])
    cut = Cut(monkeypatch, arrives=True)
    step = asyncio.create_task(worker.step(0))
    await asyncio.sleep(0.5)
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    cut.is_cut = False
    await drained(worker)
    assert await texts(log) == ["total 1"]
    await worker.stop()
