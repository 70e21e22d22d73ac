"""Delivery: gives one message to one handler until its fate is sealed.

* done         what the handler returned
* Rejected     dead letter at once; Oversize the same, its fate named apart
* Unavailable  tried again with growing, jittered, bounded waits, for ever: never a dead letter
* Fenced       passes through: the message is somebody else's
* anything else is a bug: dead letter with its traceback, counted

This file holds the only ``except Exception`` of the tree.
"""

import asyncio
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from runtime.dead_letters import Failure, as_message, dead_letter
from runtime.errors import Fenced, Oversize, Rejected, Unavailable
from runtime.log import Message, Received
from runtime.metrics import Metrics, process_metrics
from schemas.dead_letter import DeadLetter, Fate

T = TypeVar("T")
Work = Callable[[], Awaitable[T]]
Sleep = Callable[[float], Awaitable[None]]

FIRST_WAIT_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 5.0

_log = structlog.get_logger("delivery")


class MostlyBugs(Exception):
    """So many messages in a row ended as bugs that this release, not the messages, must be wrong; they stay on the log."""


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The handler succeeded."""

    value: T


@dataclass(frozen=True, slots=True)
class Dead:
    """The message was given up; ``message`` carries ``letter`` to the dead letters."""

    letter: DeadLetter
    message: Message


@dataclass(slots=True)
class _Verdict:
    failure: Failure | None = None


@contextmanager
def _judged() -> Iterator[_Verdict]:
    verdict = _Verdict()
    try:
        yield verdict
    except Oversize as error:
        verdict.failure = Failure(Fate.OVERSIZE, str(error))
    except Rejected as error:
        verdict.failure = Failure(Fate.REJECTED, str(error))
    except (Unavailable, Fenced):
        raise
    except Exception as error:  # noqa: BLE001 # the one place where a bug becomes a fate
        verdict.failure = Failure(Fate.BUG, f"{type(error).__name__}: {error}", traceback.format_exc())


async def attempt(work: Work[T]) -> T | Failure:
    """Try ``work`` once.

    Raises:
        Unavailable, Fenced: they seal no fate.
    """
    with _judged() as verdict:
        return await work()
    return _failure(verdict)


def attempt_now(work: Callable[[], T]) -> T | Failure:
    """Try ``work``, which waits for nothing, once.

    Raises:
        Unavailable, Fenced: they seal no fate.
    """
    with _judged() as verdict:
        return work()
    return _failure(verdict)


def _failure(verdict: _Verdict) -> Failure:
    assert verdict.failure is not None
    return verdict.failure


class Breaker:
    """Opens when more than half of the last ``window`` messages ended as bugs."""

    def __init__(self, window: int = 200) -> None:
        self._recent: deque[bool] = deque(maxlen=window)
        self._bugs = 0

    def note(self, is_bug: bool) -> None:
        """Take one sealed fate into account.

        Raises:
            MostlyBugs: it was one too many.
        """
        if len(self._recent) == self._recent.maxlen:
            self._bugs -= self._recent[0]
        self._recent.append(is_bug)
        self._bugs += is_bug
        if is_bug and len(self._recent) == self._recent.maxlen and self._bugs * 2 > len(self._recent):
            raise MostlyBugs(
                f"{self._bugs} of the last {len(self._recent)} messages ended as bugs; nothing more is read"
            )


class Delivery:
    """Delivery for one service. ``sleep`` is injected so that tests wait for nothing."""

    def __init__(
        self,
        service: str,
        *,
        metrics: Metrics | None = None,
        sleep: Sleep = asyncio.sleep,
        breaker: Breaker | None = None,
    ) -> None:
        self.service = service
        self.metrics = metrics or process_metrics()
        self._sleep = sleep
        self._breaker = breaker or Breaker()

    async def deliver(self, received: Received, work: Work[T], at: int) -> Done[T] | Dead:
        """Return what ``work`` made of ``received``, or its dead letter of the instant ``at``.

        Raises:
            Fenced: the message is somebody else's.
            MostlyBugs: the breaker opened; this message's fate is open.
        """
        result = await self.patiently(lambda: attempt(work))
        if isinstance(result, Failure):
            return self.give_up(received, result, at)
        self._note(received, is_bug=False)
        self.metrics.count("stanch_messages_total", service=self.service, fate="done")
        return Done(result)

    def give_up(self, received: Received, failure: Failure, at: int) -> Dead:
        """Return the dead letter of ``received``, counted.

        Raises:
            MostlyBugs: the breaker opened; this message's fate is open.
        """
        self._note(received, is_bug=failure.fate is Fate.BUG)
        letter = dead_letter(self.service, received, failure, at)
        fate = failure.fate.value
        self.metrics.count("stanch_messages_total", service=self.service, fate=fate)
        self.metrics.count("stanch_dead_letters_total", service=self.service, fate=fate, topic=received.topic)
        _log.warning("dead letter", service=self.service, uid=letter.uid, fate=fate, reason=failure.reason,
                     topic=received.topic, partition=received.partition, offset=received.offset)  # fmt: skip
        return Dead(letter, as_message(letter))

    async def patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what ``work`` returns, however long what it depends on is down."""
        try:
            return await work()
        except Unavailable as error:  # the way without tenacity is for the many calls that succeed at once
            self._note_retry(error)
        await self._sleep(FIRST_WAIT_SECONDS)

        async def again() -> T:  # tenacity awaits only what is visibly a coroutine function
            return await work()

        return await self._retrying()(again)

    def _note(self, received: Received, *, is_bug: bool) -> None:
        if received.offset >= 0:  # what is no message of the log (a tick) says nothing about a topic's messages
            self._breaker.note(is_bug)

    def _retrying(self) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception_type(Unavailable),
            wait=wait_random_exponential(multiplier=2 * FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS),
            sleep=self._sleep,
            before_sleep=self._before_sleep,
        )

    def _before_sleep(self, state: RetryCallState) -> None:
        assert state.outcome is not None
        self._note_retry(state.outcome.exception())

    def _note_retry(self, error: BaseException | None) -> None:
        self.metrics.count("stanch_retries_total", service=self.service)
        _log.warning("unavailable, trying again", service=self.service, reason=str(error))
