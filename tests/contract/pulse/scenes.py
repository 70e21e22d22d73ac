"""What happens to some tenants, as measures with their times; and what is to be told of each."""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise

from runtime.clock import NOW_HEADER
from runtime.log import Message
from schemas.identity import compose
from schemas.measure import Measure
from schemas.topics import MEASURES

START = 1_760_000_040
"""A second, the beginning of a window."""
WINDOW = 60
MIDDLE = START + 25 * WINDOW + 30
"""When the engine is ended and another takes over: within a window, while some are silent and some are loud."""
END = START + 50 * WINDOW

SILENT, SPEAKS = "A Source Fell Silent", "A Silent Source Speaks Again"
HIGH, NOISY = "A Source Says Far More Than Usual", "A Rule Became Noisy"
FAILING = "Far More Records Than Usual Become Dead Letters"

TOLD = {
    "steady": [SILENT],
    "doubles": [SILENT],
    "returns": [SILENT, SPEAKS, SILENT],
    "stays-away": [SILENT],
    "dies-late": [SILENT],
    "explodes": [HIGH, SILENT],
    "breaks": [FAILING, SILENT, SILENT],
    "noisy": [NOISY],
    "repeats": [SILENT],
    "shuffled": [SILENT, SPEAKS, SILENT],
    "poisoned": [SILENT],
}
"""Titles by tenant, in the order of their times. When the day is over, all sources that still spoke fall silent."""


def day() -> list[Message]:
    """Every measure of all tenants, in the order in which it is published."""
    told = [one for tenant in TOLD for one in _of(tenant)]
    return [message for _, message in sorted(told, key=lambda pair: pair[0])]


def _of(tenant: str) -> Iterator[tuple[int, Message]]:
    """The tenant's messages, each with the second in which it is published."""
    chance = random.Random(tenant)
    for window in range(50):
        begin = START + window * WINDOW
        for name, subject, count in _counts(tenant, window):
            for second in range(begin, begin + WINDOW, 10):
                said = measure(tenant, subject, name, second, count // 6)
                later = chance.randrange(25) if tenant == "shuffled" else 0
                yield second + later, at(said, max(second, second + later))
                if tenant == "repeats":
                    yield from ((second + wait, at(said, second + wait)) for wait in range(10))
    if tenant == "poisoned":
        yield START + 600, at(Message(MEASURES.name, tenant, compose(tenant, "x"), b'{"second": "one"}'), START + 600)


def _counts(tenant: str, window: int) -> Sequence[tuple[str, str, int]]:
    """What is counted in a window: name, source or rule, how many."""
    usual = ("normalized", "gateway", 600)
    is_early, is_late = window < 15, window >= 30
    counts = {
        "doubles": [("normalized", "gateway", 1200 if is_late else 600)],
        "returns": [usual] if is_early or is_late else [],
        "shuffled": [usual] if is_early or is_late else [],
        "stays-away": [usual] if is_early else [],
        "poisoned": [usual] if is_early else [],
        "dies-late": [usual] if window < 48 else [],
        "explodes": [("normalized", "gateway", 60_000 if window >= 25 else 600)],
        "breaks": [usual, ("dead_letters", "auto", 600)] if is_late else [usual],
        "noisy": [("findings", "good", 60), ("findings", "bad", 600 if is_late else 6)],
    }
    return counts.get(tenant, [usual])


def measure(tenant: str, subject: str, name: str, second: int, count: int) -> Message:
    """One measure, as a service publishes it: its cause makes it unique."""
    said = Measure(tenant=tenant, service="ingest", name=name, subject=subject, second=second, count=count)
    cause = {"causation": f"records.{tenant}/0/{name}{subject}{second}"}
    return Message(MEASURES.name, tenant, compose(tenant, subject), said.model_dump_json().encode(), cause)


def at(message: Message, second: int) -> Message:
    """The message with its virtual time: one second after it was counted."""
    headers = {**message.headers, NOW_HEADER: str((second + 1) * 1000)}
    return Message(message.topic, message.tenant, message.key, message.value, headers)


def cut(messages: Sequence[Message], second: int) -> tuple[list[Message], list[Message]]:
    """The messages before ``second`` and those after; the latter begin with the last minute of the former once more."""
    times = [int(message.headers[NOW_HEADER]) // 1000 for message in messages]
    assert all(earlier <= later for earlier, later in pairwise(times))
    before = [message for message, time in zip(messages, times, strict=True) if time <= second]
    after = [message for message, time in zip(messages, times, strict=True) if time > second - 60]
    return before, after


def mark(key: str, second: int) -> Message:
    """A message that becomes a dead letter: when that is there, everything before it in its partition is done."""
    return at(Message(MEASURES.name, "marks", key, b"a mark"), second)
