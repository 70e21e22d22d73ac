"""The runner of the stateless services: topics in, a function, topics out, at least once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from inspect import isawaitable
from typing import TypeVar

import structlog

from runtime.dead_letters import Failure
from runtime.delivery import Dead, Delivery, attempt_now
from runtime.deployment import Deployment
from runtime.errors import Fenced, Rejected
from runtime.log import Message, Received, Subscription, TopicPartition
from runtime.outputs import cause_of, fitting, stamped
from runtime.pace import pace_of

Outputs = Sequence[Message]
Handle = Callable[[Received, int], Outputs | Awaitable[Outputs]]
HandleBatch = Callable[[Sequence[Received], int], Sequence[Outputs | Rejected]]

T = TypeVar("T")

LARGEST_COMMIT_BYTES = 16 * 1024 * 1024
"""Outputs are committed when they come to so much, also within a batch: few messages can lead to very many bytes."""

_BREATH = 64
_log = structlog.get_logger("stream")


@dataclass(slots=True)
class _Share:
    """What one partition's messages of a batch led to."""

    upto: int = 0
    outputs: list[Message] = field(default_factory=list)


class StreamWorker:
    """Gives each message of ``topics`` to ``handle`` and publishes what it returns, then commits.

    ``handle_batch`` may be given instead: it takes a whole batch and returns the outputs of each message, or the
    ``Rejected`` that it died of; if it raises, its messages are given to it one by one.
    """

    def __init__(
        self,
        deployment: Deployment,
        name: str,
        topics: Sequence[str],
        handle: Handle | None = None,
        *,
        handle_batch: HandleBatch | None = None,
        delivery: Delivery | None = None,
        limit: int = 500,
    ) -> None:
        self._log = deployment.log
        self._name = name
        self._group = deployment.group_prefix + name
        self._topics = topics
        self._handle = _chosen(handle, handle_batch)
        self._handle_batch = handle_batch
        self._delivery = delivery or Delivery(name)
        self._pace = pace_of(deployment)
        self._limit = limit
        self._stack = AsyncExitStack()
        self._subscription: Subscription | None = None
        self._torn: frozenset[TopicPartition] = frozenset()

    @property
    def name(self) -> str:
        """The service's name."""
        return self._name

    async def start(self) -> None:
        """Join the group."""
        joining = self._log.subscribe(self._group, self._topics, _ignore, _ignore)
        self._subscription = await self._stack.enter_async_context(joining)

    async def step(self, wait: float) -> int:
        """Handle one batch; return how many messages were handled."""
        assert self._subscription is not None, "step before start"
        await self._mend(self._subscription)
        polled = await self._delivery.patiently(partial(self._subscription.poll, self._limit, wait))
        received = self._pace.in_order(polled)
        if received:
            started = time.perf_counter()
            self._torn = frozenset(message.place for message in received)
            await self._work(self._subscription, received)
            self._torn = frozenset()
            self._delivery.metrics.observe("stanch_batch_seconds", time.perf_counter() - started, service=self._name)
        return len(received)

    async def committed(self, place: TopicPartition) -> int:
        """Return the first offset of ``place`` that is not done with."""
        assert self._subscription is not None, "committed before start"
        return await self._subscription.committed(place)

    def deadline(self) -> int | None:
        """Return None: nothing happens here without a message."""
        return None

    async def advance(self, instant: int) -> int:  # noqa: ARG002 - a Worker by its shape
        """Return 0: the passing of time alone changes nothing here."""
        return 0

    async def stop(self) -> None:
        """Leave the group; a batch is either committed or will be handled again."""
        self._subscription = None
        await self._stack.aclose()

    async def _mend(self, subscription: Subscription) -> None:
        """Read again what was in hand when an exception or a cancellation cut a step short."""
        for place in self._torn:
            await subscription.seek(place, await subscription.committed(place))
        self._torn = frozenset()

    async def _work(self, subscription: Subscription, received: Sequence[Received]) -> None:
        prepared = await self._prepare(received)
        shares: dict[TopicPartition, _Share] = {}
        size = 0
        for index, message in enumerate(received):
            share = shares.setdefault(message.place, _Share())
            size += await self._deliver(message, prepared[index] if prepared else self._handle, share)
            if size > LARGEST_COMMIT_BYTES or message is received[-1]:
                await self._commit(subscription, shares)
                self._measure(message, shares)
                shares, size = {}, 0
            if index % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)  # a long batch of pure work lets receivers and timers in

    async def _prepare(self, received: Sequence[Received]) -> Sequence[Handle]:
        """Run the batch handler, if there is one; where it fails the messages go one by one."""
        handle_batch = self._handle_batch
        if handle_batch is None:
            return ()
        now = max(self._now(message) for message in received)
        results = await self._delivery.patiently(partial(_tried, partial(handle_batch, received, now)))
        if isinstance(results, Failure) or len(results) != len(received):
            return ()
        return [partial(_answer, result) for result in results]

    def _now(self, message: Received) -> int:
        now = self._pace.now(message, _line(message))
        self._pace.move(_line(message), now)
        return now

    async def _deliver(self, message: Received, handle: Handle, share: _Share) -> int:
        """Add what the message leads to to its partition's share, and return how many bytes that is."""
        now = self._now(message)
        fate = await self._delivery.deliver(message, partial(_handled, handle, message, now), now)
        outputs = (fate.message,) if isinstance(fate, Dead) else fate.value
        share.outputs += stamped(outputs, cause_of(message), self._pace.stamp(now))
        share.upto = message.offset + 1
        return sum(len(output.value) for output in outputs)

    async def _commit(self, subscription: Subscription, shares: dict[TopicPartition, _Share]) -> None:
        """Commit all partitions at once; if one is somebody else's by now, each by itself, so that only that one is lost."""
        try:
            await self._commit_together(subscription, shares)
        except Fenced:
            for place, share in shares.items():
                await self._commit_alone(subscription, place, share)

    async def _commit_together(self, subscription: Subscription, shares: dict[TopicPartition, _Share]) -> None:
        upto = {place: share.upto for place, share in shares.items()}
        outputs = [output for share in shares.values() for output in share.outputs]
        await self._delivery.patiently(lambda: subscription.commit(upto, outputs))

    async def _commit_alone(self, subscription: Subscription, place: TopicPartition, share: _Share) -> None:
        try:
            await self._commit_together(subscription, {place: share})
        except Fenced as error:  # its new member handles these messages again: at least once
            _log.warning("partition lost", service=self._name, topic=place.topic, reason=str(error))

    def _measure(self, last: Received, shares: dict[TopicPartition, _Share]) -> None:
        metrics = self._delivery.metrics
        for share in shares.values():
            for output in share.outputs:
                metrics.count("stanch_outputs_total", service=self._name, topic=output.topic)
        age = (self._pace.current(_line(last)) - last.at) / 1000
        metrics.set("stanch_lag_seconds", age, service=self._name, topic=last.topic)


def _line(message: Received) -> tuple[TopicPartition, str]:
    """In a replay each tenant has a time of its own, also where several share a partition."""
    return message.place, message.tenant


async def _tried(work: Callable[[], T]) -> T | Failure:
    return attempt_now(work)


async def _handled(handle: Handle, message: Received, now: int) -> Outputs:
    result = handle(message, now)
    return fitting(await result if isawaitable(result) else result)


def _chosen(handle: Handle | None, handle_batch: HandleBatch | None) -> Handle:
    if handle is not None and handle_batch is None:
        return handle
    if handle_batch is None or handle is not None:
        raise TypeError("give either handle or handle_batch")
    return lambda message, now: _answer(handle_batch((message,), now)[0], message, now)


def _answer(result: Outputs | Rejected, message: Received, now: int) -> Outputs:  # noqa: ARG001 # a Handle by its shape
    if isinstance(result, Rejected):
        raise result
    return result


async def _ignore(partitions: frozenset[int]) -> None:
    """Nothing is kept per partition."""
