"""The worker of a ledger service: joins the group, owns what is assigned, feeds it, lets go of what is revoked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Generic

import structlog

from runtime.delivery import Delivery
from runtime.deployment import Deployment
from runtime.errors import Fenced
from runtime.ledger.actions import Actions, LiveActions, VirtualActions
from runtime.ledger.broadcast import Broadcast
from runtime.ledger.chain import Upcaster
from runtime.ledger.membership import confirm
from runtime.ledger.partition import Partition
from runtime.ledger.polls import Polls
from runtime.ledger.service import Service
from runtime.log import Ownership, Received, Subscription, TopicPartition
from runtime.machine import Action, Actor, Machine, State
from runtime.pace import pace_of
from runtime.required_topics import check_partitions

BROADCAST_SECONDS = 0.2
GRACE_SECONDS = 3.0
_BREATH = 64

_log = structlog.get_logger("ledger")


class LedgerWorker(Generic[State]):
    """Runs ``machine`` on the partitions of ``inputs`` that this process owns; its truth is the topic ``ledger``.

    ``broadcast`` topics are told to every tenant. At a takeover a machine with ``rebuild`` is given the inputs of
    ``lookback_ms`` again. In live work what was read waits up to ``linger_ms`` for a decision. ``latency`` says how many
    milliseconds an action takes in virtual time. ``upcasters``, by kind and version, turn old entries into newer ones.
    """

    def __init__(
        self,
        deployment: Deployment,
        name: str,
        ledger: str,
        machine: Machine[State],
        inputs: Sequence[str],
        *,
        actor: Actor | None = None,
        broadcast: Sequence[str] = (),
        lookback_ms: int = 0,
        linger_ms: int = 0,
        snapshot_every: int = 1_000,
        latency: Callable[[Action], int] = lambda _: 0,
        upcasters: Mapping[tuple[str, int], Upcaster] | None = None,
        delivery: Delivery | None = None,
        limit: int = 500,
    ) -> None:
        delivery = delivery or Delivery(name)
        self._live = not deployment.virtual
        self._actions: Actions = LiveActions(actor) if self._live else VirtualActions(actor, latency)
        self._service = Service(
            name=name, group=deployment.group_prefix + name, ledger=ledger, inputs=tuple(inputs), machine=machine,
            log=deployment.log, delivery=delivery, pace=pace_of(deployment), actions=self._actions,
            broadcast=Broadcast(deployment.log, broadcast, delivery), upcasters=upcasters or {},
            snapshot_every=snapshot_every, lookback_ms=lookback_ms, linger_ms=linger_ms if self._live else 0,
        )  # fmt: skip
        self._limit = limit
        self._owned: dict[int, Partition[State]] = {}
        self._assigned: set[int] = set()
        self._doubtful: set[int] = set()
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._subscription: Subscription | None = None
        self._torn = False
        self._polls = Polls(delivery, self._actions)

    @property
    def name(self) -> str:
        """The service's name."""
        return self._service.name

    async def start(self) -> None:
        """Read the broadcast topics, join the group, and take over what is assigned.

        Raises:
            BrokenLedger: a ledger is not what was written.
            StartError: the topics are not co-partitioned.
        """
        topics = (*self._service.inputs, self._service.ledger)
        await check_partitions(self._service.log, self.name, topics)
        await self._service.broadcast.news()
        joining = self._service.log.subscribe(
            self._service.group, self._service.inputs, self._on_assigned, self._on_revoked
        )
        self._subscription = await self._stack.enter_async_context(joining)
        async with self._lock:
            await self._take_over()

    async def step(self, wait: float) -> int:
        """Handle one batch and whatever is due; return how many messages, ticks and outcomes were handled.

        Raises:
            BrokenLedger: a ledger that was just assigned is not what was written.
            MostlyBugs: the breaker opened.
        """
        await self._mend()
        polled = await self._poll(wait)
        self._torn = True
        news = await self._service.broadcast.news()
        async with self._lock:
            await self._take_over()
            handled = await self._handle([*news, *polled])
        self._torn = False
        return handled

    def deadline(self) -> int | None:
        """Return when a tick or an outcome is next due."""
        return min((due for one in self._owned.values() if (due := one.deadline) is not None), default=None)

    async def advance(self, instant: int) -> int:
        """Let time pass up to ``instant`` without a message; return how many ticks and outcomes were handled."""
        async with self._lock:
            return await self._each(partial(Partition.pass_time, instant=instant))

    async def stop(self) -> None:
        """Wait a little for what is under way, commit it, leave; the next owner reconciles the rest."""
        await self._polls.stop()
        async with self._lock:
            await self._release(frozenset(self._owned))
        self._subscription = None
        await self._stack.aclose()

    async def _mend(self) -> None:
        """Begin again from what is committed, where a step was cut short, or a partition was lost and is still ours."""
        if self._torn:
            await self._polls.stop()
        async with self._lock:
            for number in list(self._owned) if self._torn else ():
                await self._drop(number)
                await self._rewind(number)
                self._assigned.add(number)
            self._torn = False
            for number in sorted(self._doubtful):
                await self._reconsider(number)

    async def _rewind(self, number: int) -> None:
        assert self._subscription is not None, "step before start"
        for topic in self._service.inputs:
            place = TopicPartition(topic, number)
            await self._subscription.seek(place, await self._subscription.committed(place))

    async def _on_assigned(self, partitions: frozenset[int]) -> None:
        self._doubtful -= partitions
        self._assigned |= partitions

    async def _on_revoked(self, partitions: frozenset[int]) -> None:
        async with self._lock:
            await self._release(partitions)

    async def _take_over(self) -> None:
        assert self._subscription is not None, "step before start"
        while self._assigned:
            number = min(self._assigned)
            await self._take(self._subscription, number)
            self._assigned.discard(number)
        self._service.delivery.metrics.set("stanch_ledger_partitions", len(self._owned), service=self.name)

    async def _reconsider(self, number: int) -> None:
        """Take a partition again that was lost as an owner and is still ours as a member; only the group can tell."""
        subscription = self._subscription
        assert subscription is not None, "step before start"
        place = TopicPartition(self._service.inputs[0], number)
        try:
            await self._service.delivery.patiently(partial(confirm, subscription, place))
        except Fenced:
            return  # the group will say so as well, or assign it to us anew
        self._doubtful.discard(number)
        await self._rewind(number)
        for topic in self._service.inputs:
            subscription.resume(TopicPartition(topic, number))
        self._assigned.add(number)

    async def _take(self, subscription: Subscription, number: int) -> None:
        """Own the partition, which fences its owner before, and read back what is known of it."""
        log, patiently = self._service.log, self._service.delivery.patiently
        ownership: Ownership = await patiently(partial(log.own, self.name, number))
        places = [TopicPartition(topic, number) for topic in self._service.inputs]
        ends = {place: await patiently(partial(subscription.committed, place)) for place in places}
        start = await patiently(partial(subscription.committed, TopicPartition(self._service.ledger, number)))
        partition = Partition(self._service, ownership, start, ends)
        self._owned[number] = partition
        async with self._guarded(partition):
            await partition.load()
            await partition.resume()

    async def _poll(self, wait: float) -> Sequence[Received]:
        assert self._subscription is not None, "step before start"
        seconds = self._patience(wait)
        return await self._polls.next(partial(self._subscription.poll, self._limit, seconds), seconds)

    def _patience(self, wait: float) -> float:
        if not self._live:
            return wait
        if self._service.broadcast.topics:
            wait = min(wait, BROADCAST_SECONDS)
        due = self.deadline()
        return wait if due is None else min(wait, max(0, due - self._service.pace.current(None)) / 1000)

    async def _handle(self, batch: Sequence[Received]) -> int:
        handled = await self._each(Partition.keep_up)
        ordered = self._service.pace.in_order(batch)
        for index, received in enumerate(ordered):
            handled += await self._route(received)
            if index % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
        handled += await self._commit_all()
        if ordered:
            self._measure(ordered[-1])
        return handled

    async def _route(self, received: Received) -> int:
        if received.topic in self._service.broadcast.topics:
            return await self._each(partial(Partition.hear, received=received))
        partition = self._owned.get(received.partition)
        if partition is None:
            return 0  # lost meanwhile; whoever owns it now reads this too
        return await self._guarded_work(partition, partial(Partition.receive, received=received))

    async def _commit_all(self) -> int:
        """Commit every partition; live ones side by side, for each waits on the log alone."""
        if not self._live:
            return await self._each(Partition.commit)
        return sum(await _all_done([self._guarded_work(one, Partition.commit) for one in self._owned.values()]))

    async def _each(self, work: Callable[[Partition[State]], Awaitable[None]]) -> int:
        return sum([await self._guarded_work(partition, work) for partition in list(self._owned.values())])

    async def _guarded_work(
        self, partition: Partition[State], work: Callable[[Partition[State]], Awaitable[None]]
    ) -> int:
        before = partition.handled
        async with self._guarded(partition):
            await work(partition)
        return partition.handled - before

    @asynccontextmanager
    async def _guarded(self, partition: Partition[State]) -> AsyncIterator[None]:
        """Drop a partition that is another's by now; whatever else goes wrong, commit nothing of it any more."""
        try:
            yield
        except Fenced as error:
            number = partition.number
            self._service.delivery.metrics.count("stanch_ledger_fenced_total", service=self.name)
            _log.warning("partition lost to a newer owner", service=self.name, partition=number, reason=str(error))
            self._pause(number)
            await self._drop(number)
            self._doubtful.add(number)
        except BaseException:
            partition.sound = False
            raise

    def _pause(self, number: int) -> None:
        if self._subscription is not None:
            for topic in self._service.inputs:
                self._subscription.pause(TopicPartition(topic, number))

    async def _release(self, partitions: frozenset[int]) -> None:
        self._assigned -= partitions
        self._doubtful -= partitions
        leaving = {number: self._owned[number] for number in sorted(partitions & self._owned.keys())}
        await asyncio.gather(*(self._actions.drain(n, GRACE_SECONDS) for n, one in leaving.items() if one.sound))
        for number, partition in leaving.items():
            if partition.sound:
                async with self._guarded(partition):
                    await partition.close()
            await self._drop(number)

    async def _drop(self, number: int) -> None:
        self._owned.pop(number, None)
        await self._actions.discard(number)

    def _measure(self, last: Received) -> None:
        metrics = self._service.delivery.metrics
        age = (self._service.pace.current(last.partition) - last.at) / 1000
        metrics.set("stanch_lag_seconds", age, service=self.name, topic=last.topic)
        metrics.set("stanch_ledger_open_actions", self._actions.running, service=self.name)


async def _all_done(works: Sequence[Awaitable[int]]) -> Sequence[int]:
    """Return the results when all have ended, also where one failed: none may go on by itself."""
    ends = await asyncio.gather(*works, return_exceptions=True)
    failures = [end for end in ends if isinstance(end, BaseException)]
    if failures:
        raise failures[0]
    return [end for end in ends if isinstance(end, int)]
