"""A stream worker that loses one partition in the middle of a batch loses that one alone."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from runtime.embedded import EmbeddedLog
from runtime.errors import Fenced
from runtime.log import Message, OnAssigned, OnRevoked, Received, Subscription, TopicPartition
from runtime.stream import StreamWorker
from tests.unit.runtime.toy import deployed, memory_log, quiet_delivery, said, texts

LOST = 1


class Bereft:
    """A subscription whose partition ``LOST`` has gone to another member, which the log says at the commit."""

    def __init__(self, inner: Subscription) -> None:
        self._inner = inner
        self.poll = inner.poll
        self.seek = inner.seek
        self.committed = inner.committed
        self.pause = inner.pause
        self.resume = inner.resume

    async def commit(self, upto: Mapping[TopicPartition, int], outputs: Sequence[Message] = ()) -> None:
        if any(place.partition == LOST for place in upto):
            raise Fenced("another member's by now")
        await self._inner.commit(upto, outputs)


class BereavingLog(EmbeddedLog):
    """Takes a partition away from whoever subscribes."""

    @asynccontextmanager
    async def subscribe(
        self, group: str, topics: Sequence[str], on_assigned: OnAssigned, on_revoked: OnRevoked
    ) -> AsyncIterator[Subscription]:
        async with super().subscribe(group, topics, on_assigned, on_revoked) as inner:
            yield Bereft(inner)


async def test_the_others_are_committed_and_nothing_of_the_lost_one() -> None:
    log = BereavingLog(None, memory_log()._store.clock, 4)
    tenants = ("acme", "globex", "initech", "umbrella", "hooli", "stark")
    await log.append([said(tenant, add=1) for tenant in tenants])

    def echo(received: Received, now: int) -> Sequence[Message]:
        return [Message("holds", received.tenant, "h", received.tenant.encode())]

    worker = StreamWorker(deployed(log), "archive", ["incidents"], echo, delivery=quiet_delivery())
    await worker.start()
    await worker.step(0)
    await worker.stop()
    written = {partition: await texts(log, "holds", partition) for partition in range(4)}
    inputs = {partition: len(await texts(log, "incidents", partition)) for partition in range(4)}
    assert inputs[LOST] > 0
    assert {partition: len(found) for partition, found in written.items()} == {**inputs, LOST: 0}
