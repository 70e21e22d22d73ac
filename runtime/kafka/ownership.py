"""The one writer of a service's partition: a transactional producer, which the next owner's fences.

A transaction whose end nobody confirmed may have happened or not. Its owner never says that nothing happened, and never
tries again: it is lost from then on, as if it had been fenced. Whoever takes the partition again waits until the
cluster has ended what was open, and reads from the ledger what became of it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.producer import sender
from aiokafka.protocol.transaction import EndTxnRequest
from aiokafka.structs import TopicPartition as Place

from runtime.clock import Clock
from runtime.errors import Fenced, Unavailable
from runtime.failpoints import reach
from runtime.kafka.batches import Batch, options, prepare, send
from runtime.kafka.cluster import Cluster
from runtime.kafka.faults import CLIENT, SUPERSEDED, described, reaching, too_large
from runtime.kafka.quitting import quit_producer
from runtime.kafka.wire import Wire
from runtime.log import Message, TopicPartition
from schemas.topics import DEAD_LETTERS

OWN_SECONDS: Final = 15.0
COMMIT_SECONDS: Final = 20.0
TRANSACTION_SECONDS: Final = 30.0
"""After these the cluster aborts a transaction that nobody ended; longer than we wait for its end."""
BETWEEN_SECONDS: Final = 0.005
"""How soon the client asks again for a transaction while the cluster still ends the one before, which takes it about as long.

Its own 20 ms and, where only offsets are committed, the general back-off would be most of what back-to-back commits take.
"""
RETRY_MS: Final = 10
ABORT_AGAIN_SECONDS: Final = 1.0
EPOCH_BITS: Final = 16

sender.BACKOFF_OVERRIDE = BETWEEN_SECONDS


Later = Callable[[Coroutine[None, None, None]], None]
"""Sees to it that something is done soon, without making the caller wait."""


class KafkaOwnership:
    """Owns a partition of a service until somebody else takes it, or until one of its transactions has no known end."""

    def __init__(
        self, cluster: Cluster, wire: Wire, clock: Clock, *, service: str, partition: int, producer: AIOKafkaProducer,
        later: Later,
    ) -> None:  # fmt: skip
        self._cluster = cluster
        self._wire = wire
        self._clock = clock
        self._name = f"{service}/{partition}"
        self._id = cluster.owner(service, partition)
        self._partition = partition
        self._producer = producer
        self._later = later
        self._lost = ""
        self._busy = asyncio.Lock()
        self._witness: dict[str, tuple[Place, int]] = {}

    @property
    def partition(self) -> int:
        """The partition that is owned."""
        return self._partition

    @property
    def epoch(self) -> int:
        """Counts the owners of this partition, in steps that may be large."""
        manager = self._producer._txn_manager
        return int((manager.producer_id << EPOCH_BITS) | manager.producer_epoch)

    async def commit(self, outputs: Sequence[Message], upto: Mapping[TopicPartition, int], group: str) -> None:
        """Append ``outputs`` and commit the group's offsets, all or nothing.

        Raises:
            Fenced: a newer owner exists and nothing happened; or nobody knows whether it did, and this owner is void.
        """
        async with self._busy:
            self._check()
            batch = await prepare(outputs, self._cluster, self._wire)
            offsets = self._cluster.places(upto) or await self._reminder(group)
            self._check()
            await self._transact(batch, offsets, group)

    def replaced(self) -> None:
        """Give up: this process itself has taken the partition anew."""
        self._give_up(f"{self._name}: this process took the partition anew")

    def _check(self) -> None:
        if self._lost:
            raise Fenced(self._lost)

    async def _transact(self, batch: Batch, offsets: Mapping[Place, int], group: str) -> None:
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._write(batch, offsets, group)
        except BaseException as error:
            superseded = isinstance(error, SUPERSEDED)
            named = "a newer owner exists" if superseded else "it is not known what became of a transaction"
            self._give_up(f"{self._name}: {named} ({described(error)})")
            if isinstance(error, MessageSizeTooLargeError):
                raise too_large(error) from error
            if isinstance(error, CLIENT) or _is_the_clients_own(error):
                raise Fenced(self._lost) from error
            raise

    async def _write(self, batch: Batch, offsets: Mapping[Place, int], group: str) -> None:
        reach("log.write.before")
        await self._producer.begin_transaction()
        reach("log.write.begun")
        for fate in (await send(self._producer, batch, self._clock.now())).values():
            if fate is not None:
                raise fate
        reach("log.write.appended")
        await self._producer.send_offsets_to_transaction(dict(offsets), group)
        reach("log.write.complete")
        await self._producer.commit_transaction()
        reach("log.write.committed")

    async def _reminder(self, group: str) -> Mapping[Place, int]:
        """Return an offset as the group has it: committing it again changes nothing, and asks whether we still own.

        The client ends a transaction in which nothing was written by itself; the cluster would never be asked.
        """
        if group not in self._witness:
            place = self._cluster.place(TopicPartition(DEAD_LETTERS.name, 0))
            self._witness[group] = (place, (await self._wire.committed(group, [place]))[place])
        place, offset = self._witness[group]
        return {place: offset}

    def _give_up(self, why: str) -> None:
        """Be void from now on."""
        if not self._lost:
            self._lost = why
            self._later(self._end())

    async def _end(self) -> None:
        """Let go of the producer, and have what it may have left open aborted, so that nobody waits for its time-out.

        The epoch is still this owner's own: where a newer one exists, nothing happens.
        """
        manager = self._producer._txn_manager
        request = EndTxnRequest(self._id, manager.producer_id, manager.producer_epoch, False)
        await quit_producer(self._producer, orderly=False)
        while not self._wire.is_closed:
            with suppress(Unavailable):
                await self._wire.abort(request, self._id)
                return
            await asyncio.sleep(ABORT_AGAIN_SECONDS)


def _is_the_clients_own(error: BaseException) -> bool:
    """Whether it is a cancellation of one of the client's own tasks, let through, and not of ours."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and not task.cancelling()


async def take(cluster: Cluster, service: str, partition: int) -> AIOKafkaProducer:
    """Return a producer that has fenced all before it, whose open transactions have ended.

    Raises:
        Unavailable: the cluster does not answer.
    """
    settings = {**options(cluster, f"stanch-{service}-{partition}"), "retry_backoff_ms": RETRY_MS}
    producer = AIOKafkaProducer(
        **settings, transactional_id=cluster.owner(service, partition),
        transaction_timeout_ms=int(TRANSACTION_SECONDS * 1000),
    )  # fmt: skip
    try:
        with reaching(f"taking {service}/{partition}"):
            async with asyncio.timeout(OWN_SECONDS):
                await producer.start()
    except BaseException:
        await quit_producer(producer, orderly=False)
        raise
    return producer
