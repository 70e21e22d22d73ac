"""pulse on Faust: the same core, its state in a table that a compacted topic of Kafka keeps.

What Faust does by itself, and what is done about it here: it takes an event as done when an agent raises (so nothing may leave
the agent, and an event is done when we say so); after a kill it gives events again that the table has seen (the core counts
them once); a table may be written by a timer only where the key alone says its partition (so the table's keys are those of
`measures`); it starts a web server (it must not).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

import faust
import msgspec
from faust.types.tuples import TP
from faust.types.tuples import Message as Kept

from runtime.dead_letters import Failure
from runtime.delivery import Dead, Delivery, attempt
from runtime.deployment import Deployment
from runtime.errors import Fenced, Unavailable
from runtime.faust_events import as_received
from runtime.kafka.cluster import Cluster
from runtime.kafka.security import Security
from runtime.log import Message, Received, TopicPartition
from runtime.outputs import cause_of, fitting, stamped
from runtime.pace import pace_of
from schemas.dead_letter import Fate
from schemas.identity import compose
from schemas.times import MINUTE
from schemas.topics import MEASURES, PULSE_STATE
from services.detect.pulse.core.series import Series
from services.detect.pulse.settings import Settings
from services.detect.pulse.stream import NAME, Keeper, told_before

TABLE: Final = "series"
APP: Final = PULSE_STATE.removesuffix(f"-{TABLE}-changelog")
LOOK_SECONDS: Final = 1.0
HEARTBEAT_SECONDS: Final = 3.0
COMMIT_SECONDS: Final = 1.0


class Broken(Exception):
    """The application cannot go on; whoever runs it starts it again, from the last event that was done."""


def new_app(cluster: Cluster, settings: Settings, partitions: int, folder: str) -> faust.App:
    """Return the application, with no agent yet."""
    return faust.App(
        cluster.prefix + APP,
        broker=[f"kafka://{server}" for server in cluster.bootstrap.split(",")],
        broker_credentials=_credentials(cluster.security),
        datadir=folder,
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        autodiscover=False,
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=cluster.instance(cluster.prefix + APP),
        broker_session_timeout=cluster.session_seconds,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_commit_interval=COMMIT_SECONDS,
        stream_wait_empty=False,
        topic_partitions=partitions,
        topic_replication_factor=settings.changelog_replicas,
        topic_disable_leader=True,
    )


def _credentials(security: Security) -> faust.SASLCredentials | faust.SSLCredentials | None:
    context = security.context() if security.protocol.endswith("SSL") else None
    if security.protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=security.user, password=security.password, mechanism=security.mechanism, ssl_context=context
        )
    return None if context is None else faust.SSLCredentials(context)


class Application:
    """One life of the application."""

    def __init__(
        self, app: faust.App, deployment: Deployment, settings: Settings, cluster: Cluster, delivery: Delivery
    ) -> None:
        self.app = app
        self._deployment = deployment
        self._delivery = delivery
        self._pace = pace_of(deployment)
        self._settings = settings
        self._keeper = Keeper(settings)
        self._topic = cluster.stored(MEASURES.name)
        self._one_by_one = asyncio.Lock()
        self._done = 0
        self._progress = asyncio.Event()
        self._broken: Failure | None = None
        self._is_settled = False
        self._is_stale = True
        self._held: list[faust.EventT[Any]] = []
        self._heard: dict[int, int] = {}
        self._seen: dict[int, tuple[int | None, int]] = {}
        self._table = app.Table(
            TABLE, partitions=app.conf.topic_partitions, key_type=bytes, value_type=bytes, use_partitioner=True
        )
        topic = app.topic(self._topic, key_serializer="raw", value_serializer="raw", allow_empty=True)
        app.agent(topic, name="measures")(self._measures)
        app.timer(LOOK_SECONDS)(self._look)
        app.on_partitions_revoked.connect(self._on_revoked)
        app.on_rebalance_complete.connect(self._on_settled)

    async def working(self, wait: float) -> int:
        """Return how many measures were done within ``wait`` seconds, or since the last call.

        Raises:
            Broken: something went wrong that no dead letter is for.
        """
        self._progress.clear()
        if not self._done and self._broken is None and not self.app.crashed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._progress.wait(), wait)
        if self._broken is not None:
            raise Broken(f"{self._broken.reason}\n{self._broken.traceback}")
        if self.app.crashed:
            raise Broken("the application crashed") from self.app.crash_reason
        done, self._done = self._done, 0
        return done

    async def stop(self) -> None:
        """Tell and keep what was heard, commit, and leave."""
        if not self.app.crashed and self._broken is None:
            await self._look()
        await self.app.stop()

    async def _measures(self, stream: faust.StreamT[Any]) -> None:
        async for event in cast("faust.Stream[Any]", stream).noack().events():
            if not await self._survived(partial(self._measure, event.message)):
                await asyncio.Event().wait()  # never done, never acknowledged; whoever runs us sees that it is broken
            self._held.append(event)
            self._done += 1
            self._progress.set()

    async def _measure(self, message: Kept) -> None:
        record = as_received(message, MEASURES.name)
        line = (record.place, record.tenant)
        now = self._pace.now(record, line)
        self._pace.move(line, now)
        async with self._one_by_one:
            await self._load()
            at = now if self._deployment.virtual else min(now, record.at)
            fate = await self._delivery.deliver(record, partial(self._hear, record, at), now)
            dead = (fate.message,) if isinstance(fate, Dead) else ()
            await self._publish(stamped(dead, cause_of(record), self._pace.stamp(now)))
            self._heard[record.partition] = record.offset + 1
        self._delivery.metrics.set("stanch_lag_seconds", (now - record.at) / 1000, service=NAME, topic=MEASURES.name)

    async def _hear(self, record: Received, at: int) -> Sequence[Message]:
        return self._keeper.hear(record, at)

    async def _look(self) -> None:
        await self._survived(self._tell)

    async def _tell(self) -> None:
        async with self._one_by_one:
            if not self._is_settled:
                return
            await self._load()
            now = self._deployment.clock.now()
            stamp = self._pace.stamp(now)
            outputs = fitting(self._keeper.tell(now, await self._behind()))
            await self._publish([replace(one, headers={**one.headers, **stamp}) for one in outputs])
            self._keep()

    async def _behind(self) -> Collection[TopicPartition]:
        """Return where something lies that was not heard yet."""
        places = [place for place in self.app.consumer.assignment() if place.topic == self._topic]
        unheard = {place.partition for place in places if await self._is_behind(place)}
        return [TopicPartition(MEASURES.name, partition) for partition in unheard]

    async def _is_behind(self, place: TP) -> bool:
        end: int | None = self.app.consumer.highwater(place)  # None before the first answer
        heard = self._heard.get(place.partition)
        if end is None or (heard is not None and heard >= end):
            return end is None
        position = await self.app.consumer.position(place)
        held = {id(event.message) for event in self._held}
        is_waiting = any(one.tp == place and id(one) not in held for one in self.app.consumer.unacked)
        seen, self._seen[place.partition] = self._seen.get(place.partition), (heard, end)
        # behind the last measure there may be what is none, the end of a transaction: then nothing has come since the last look
        return is_waiting or position is None or position < end or seen != (heard, end)

    async def _publish(self, outputs: Sequence[Message]) -> None:
        if outputs:
            await self._delivery.patiently(partial(self._deployment.log.append, outputs))
        for output in outputs:
            self._delivery.metrics.count("stanch_outputs_total", service=NAME, topic=output.topic)

    async def _load(self) -> None:
        """Take the state from the table, where partitions came or went since."""
        if not self._is_stale:
            return
        self._held.clear()  # they come again
        self._keeper = Keeper(self._settings)
        since = self._deployment.clock.now() - self._settings.lookback_minutes * MINUTE
        self._keeper.told = await told_before(self._deployment.log, since)
        for value in self._table.values():
            for tenant, series in msgspec.json.decode(value, type=list[tuple[str, Series]]):
                self._keeper.pulse.watch(tenant).adopt(series)
        self._is_stale = False

    def _keep(self) -> None:
        """Write what changed to the table, and only then say that the measures behind it are done.

        What they led to is published by now: after a kill at any moment it is told again under the same id, and never lost.
        """
        for tenant, watch in self._keeper.pulse.watches.items():
            for subject in {subject for _, subject in watch.changed | watch.gone}:
                kept = [(tenant, series) for (_, name), series in watch.series.items() if name == subject]
                self._table[compose(tenant, subject).encode()] = msgspec.json.encode(kept)
            watch.changed.clear()
            watch.gone.clear()
        while self._held:
            self._held.pop().ack()

    async def _survived(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do ``work``; if it fails, say so to whoever runs us and return False: Faust would take it as done."""
        try:
            result = await attempt(work)
        except (Unavailable, Fenced) as error:
            result = Failure(Fate.BUG, f"{type(error).__name__}: {error}")
        if isinstance(result, Failure):
            self._broken = result
            self._progress.set()
        return not isinstance(result, Failure)

    async def _on_revoked(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 # as Faust calls
        self._is_settled = False

    async def _on_settled(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 # as Faust calls
        self._is_settled, self._is_stale = True, True
        self._heard.clear()
        self._seen.clear()
