"""pulse on the log port alone: state in memory, read back from the measures at the start. One process sees all partitions."""

import time
from collections.abc import AsyncIterator, Collection, Sequence
from functools import partial
from typing import Final

import structlog

from runtime.delivery import Delivery
from runtime.deployment import Deployment
from runtime.errors import Rejected
from runtime.log import Message, Received, TopicPartition
from runtime.pace import header_now, pace_of
from runtime.stream import StreamWorker
from schemas.times import MINUTE
from schemas.topics import FINDINGS, MEASURES
from services.detect.pulse.settings import Settings
from services.detect.pulse.stream import NAME, Keeper, told_before

BATCH: Final = 500
_END: Final = 2**62
_log = structlog.get_logger("pulse")


class PulseWorker:
    """Hears measures by a ``StreamWorker``, and after each batch tells what there is to tell.

    What was heard and not told when it ends is found again at the start, where all that was told before is known by its id.
    """

    def __init__(self, deployment: Deployment, settings: Settings, delivery: Delivery | None = None) -> None:
        self._deployment = deployment
        self._log = deployment.log
        self._settings = settings
        self._delivery = delivery or Delivery(NAME)
        self._pace = pace_of(deployment)
        self._keeper = Keeper(settings)
        self._known: set[TopicPartition] = set()
        self._awaited: dict[TopicPartition, int] = {}
        self._is_torn = False
        self._stream = StreamWorker(
            deployment, NAME, (MEASURES.name,), self._handle, delivery=self._delivery, limit=BATCH
        )

    @property
    def name(self) -> str:
        """The service's name."""
        return NAME

    async def start(self) -> None:
        """Join the group, and read the state back."""
        await self._stream.start()
        await self._rebuild()

    async def step(self, wait: float) -> int:
        """Hear one batch of measures, then tell; return how many measures and findings that were."""
        if self._is_torn:
            await self._rebuild()
        self._is_torn = True
        heard = await self._stream.step(wait)
        told = await self._tell(self._deployment.clock.now(), self._behind(is_full=heard >= BATCH))
        self._is_torn = False
        return heard + told

    def deadline(self) -> int | None:
        """Return when time alone may lead to something."""
        return self._keeper.pulse.deadline()

    async def advance(self, instant: int) -> int:
        """Virtual time only: tell what is to be told at ``instant``; return how much that was."""
        return await self._tell(instant, ())

    async def stop(self) -> None:
        """Leave the group."""
        await self._stream.stop()

    async def _tell(self, now: int, behind: Collection[TopicPartition]) -> int:
        outputs = self._keeper.tell(now, behind)
        if outputs:
            await self._delivery.patiently(partial(self._publish, outputs, now))
        return len(outputs)

    async def _publish(self, outputs: Sequence[Message], now: int) -> None:
        stamp = self._pace.stamp(now)
        await self._log.append(
            [Message(one.topic, one.tenant, one.key, one.value, {**one.headers, **stamp}) for one in outputs]
        )
        self._delivery.metrics.count("stanch_outputs_total", len(outputs), service=NAME, topic=FINDINGS.name)

    def _handle(self, received: Received, now: int) -> Sequence[Message]:
        self._known.add(received.place)
        if self._awaited.get(received.place, _END) <= received.offset + 1:
            del self._awaited[received.place]
        return self._keeper.hear(received, min(now, self._said(received)))

    def _said(self, received: Received) -> int:
        """Return the time of a message: in a replay its own, else its receipt, however much later it is read."""
        return header_now(received) if self._deployment.virtual else received.at

    def _behind(self, *, is_full: bool) -> Collection[TopicPartition]:
        """Return where something may be unheard: what lay there at the start, and everywhere while batches are full."""
        return {*self._awaited, *self._known} if is_full else set(self._awaited)

    async def _rebuild(self) -> None:
        """Hear once more what is done with, and tell what of it was not."""
        started = time.perf_counter()
        self._keeper = Keeper(self._settings)
        since = self._deployment.clock.now() - self._settings.lookback_minutes * MINUTE
        self._keeper.told = await told_before(self._log, since)
        heard, now = 0, 0
        async for received in self._done_with(since):
            now = max(now, self._said(received))
            await self._tell(now, ())
            heard += self._hear_again(received, now)
        _log.info("read back", measures=heard, seconds=round(time.perf_counter() - started, 3))

    def _hear_again(self, received: Received, now: int) -> bool:
        try:
            self._keeper.hear(received, now)
        except Rejected:  # it has been a dead letter since it was heard first
            return False
        return True

    async def _done_with(self, since: int) -> AsyncIterator[Received]:
        """Yield what is done with, of all partitions in the order of its times; note where more awaits us."""
        heads: dict[AsyncIterator[Received], Received] = {}
        for partition in range(await self._log.partitions(MEASURES.name)):
            reader = self._reader(TopicPartition(MEASURES.name, partition), since)
            async for received in reader:
                heads[reader] = received
                break
        while heads:
            reader = min(heads, key=lambda one: self._said(heads[one]))
            yield heads.pop(reader)
            async for received in reader:
                heads[reader] = received
                break

    async def _reader(self, place: TopicPartition, since: int) -> AsyncIterator[Received]:
        done, end = await self._stream.committed(place), await self._log.offset_at(place, _END)
        self._awaited.pop(place, None)
        if end > done:
            self._awaited[place] = end
        async for received in self._log.read(place.topic, place.partition, await self._log.offset_at(place, since)):
            if received.offset >= done:
                return
            yield received
