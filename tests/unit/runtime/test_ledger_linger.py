"""What was read and decided nothing is committed now and then; a decision takes it along at once."""

from runtime.ledger import LedgerWorker
from runtime.log import TopicPartition
from tests.unit.runtime.toy import INPUT, Counter, deployed, drained, memory_log, said, texts, toy_worker

PLACE = TopicPartition(INPUT, 0)
LONG_MS = 3_600_000


async def committed(worker: LedgerWorker[Counter]) -> int:
    assert worker._subscription is not None
    return await worker._subscription.committed(PLACE)


async def test_without_a_decision_the_offset_waits_and_a_decision_takes_it_along() -> None:
    log = memory_log()
    worker = toy_worker(deployed(log), linger_ms=LONG_MS)
    await worker.start()
    await log.append([said(add=1)])
    await drained(worker)
    await log.append([said(), said()])
    await drained(worker)
    assert await committed(worker) == 1
    await log.append([said(add=2)])
    await drained(worker)
    assert await committed(worker) == 4


async def test_a_deed_waits_for_nothing() -> None:
    log = memory_log()
    worker = toy_worker(deployed(log), linger_ms=LONG_MS)
    await worker.start()
    await log.append([said(add=1)])
    await drained(worker)
    await log.append([said(), said(ring="a")])
    await drained(worker)
    assert await committed(worker) == 3


async def test_who_leaves_in_order_leaves_nothing_behind() -> None:
    log = memory_log()
    first = toy_worker(deployed(log), linger_ms=LONG_MS)
    await first.start()
    await log.append([said(add=1), said()])
    await drained(first)
    await log.append([said()])
    await drained(first)
    await first.stop()
    second = toy_worker(deployed(log))
    await second.start()
    assert await committed(second) == 3
    assert await drained(second) == 0
    assert await texts(log) == ["total 1"]


async def test_a_replay_does_not_wait() -> None:
    log = memory_log()
    await log.append([said(now=1_000, add=1), said(now=2_000)])
    worker = toy_worker(deployed(log, virtual=True), linger_ms=LONG_MS)
    await worker.start()
    await drained(worker)
    await log.append([said(now=3_000)])
    await drained(worker)
    assert await committed(worker) == 3
