"""Dead letters: how a message is given up with its bytes and the reason, and how it is put back after a fix."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from pydantic import ValidationError

from runtime.errors import Absent
from runtime.log import Log, Message, Received, TopicPartition
from schemas.dead_letter import KEPT_BYTES, DeadLetter, Fate
from schemas.identity import compose, derived_uid
from schemas.topics import DEAD_LETTERS, RECORDS_PREFIX, TOPICS, declared

REPLAYED_FROM = "replayed-from"
_MAX_REASON = 2_000
_MAX_TRACEBACK = 16_000
_BATCH = 500

Spot = tuple[TopicPartition, int]
"""Where a message lies: partition and offset."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one try ended badly for good."""

    fate: Fate
    reason: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A dead letter that cannot be put back, and why."""

    uid: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay of dead letters did. ``already`` had been put back by an earlier one."""

    returned: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


@cache
def release() -> str:
    """Return the version of this product, as dead letters name it."""
    try:
        return version("stanch")
    except PackageNotFoundError:
        return "unknown"


def dead_letter(service: str, received: Received, failure: Failure, at: int) -> DeadLetter:
    """Return the dead letter of ``received``; its uid follows from the service and the message's place."""
    return DeadLetter.model_validate(
        {
            "uid": derived_uid(
                "dead-letter", service, received.topic, str(received.partition), str(received.offset), received.key
            ),
            "tenant": received.tenant,
            "service": service,
            "topic": received.topic,
            "partition": received.partition,
            "offset": received.offset,
            "key": received.key,
            "headers": dict(received.headers),
            "value": b64encode(received.value[:KEPT_BYTES]),
            "length": len(received.value),
            "sha256": hashlib.sha256(received.value).hexdigest(),
            "fate": failure.fate,
            "reason": failure.reason[:_MAX_REASON],
            "traceback": failure.traceback[-_MAX_TRACEBACK:],
            "version": release(),
            "at": at,
        }
    )


def as_message(letter: DeadLetter) -> Message:
    """Return the dead letter as it travels."""
    key = compose(letter.tenant, letter.topic)
    return Message(DEAD_LETTERS.name, letter.tenant, key, letter.model_dump_json().encode(), {"uid": letter.uid})


async def letters(log: Log) -> AsyncIterator[DeadLetter]:
    """Yield every dead letter once, in order per partition; what is none is passed over: other tools may publish as well."""
    seen: set[str] = set()
    for partition in range(await log.partitions(DEAD_LETTERS.name)):
        async for received in log.read(DEAD_LETTERS.name, partition):
            letter = _understood(received)
            if letter is not None and letter.uid not in seen:
                seen.add(letter.uid)
                yield letter


def _understood(received: Received) -> DeadLetter | None:
    try:
        return DeadLetter.model_validate_json(received.value)
    except ValidationError:
        return None


async def replay(log: Log, predicate: Callable[[DeadLetter], bool]) -> Replayed:
    """Put the original bytes, key and headers of the chosen letters back on their topics; a second call adds nothing.

    Raises:
        Unavailable: the log did not take a batch; those before it are back.
    """
    chosen = [letter async for letter in letters(log) if predicate(letter)]
    counts = {topic: await _partitions(log, topic) for topic in {letter.topic for letter in chosen}}
    obstacles = {letter.uid: _obstacle(letter, counts[letter.topic]) for letter in chosen}
    back, originals = await _look_up(log, [letter for letter in chosen if not obstacles[letter.uid]])
    for letter in chosen:
        obstacles[letter.uid] = obstacles[letter.uid] or _doubt(letter, originals.get(_spot(letter)))
    refused = tuple(Refusal(uid, reason) for uid, reason in obstacles.items() if reason)
    whole = [letter for letter in chosen if not obstacles[letter.uid]]
    due = [letter for letter in whole if letter.uid not in back]
    for batch in _batches(due):
        await log.append([_original(letter) for letter in batch])
    already = tuple(letter.uid for letter in whole if letter.uid in back)
    return Replayed(tuple(letter.uid for letter in due), already, refused)


async def _partitions(log: Log, topic: str) -> int:
    """Return how many partitions a topic of ours has; 0 where it is none, or does not exist."""
    if topic not in TOPICS and not topic.startswith(RECORDS_PREFIX):
        return 0
    try:
        return await log.partitions(topic)
    except Absent:
        return 0


def _obstacle(letter: DeadLetter, partitions: int) -> str:
    if letter.offset < 0:
        return "it was no message of a topic but an input of the service itself"
    if letter.partition not in range(partitions):
        return "it names no place of ours"
    if len(letter.value) < letter.length:
        return f"only {len(letter.value)} of its {letter.length} bytes were kept; send it again from its source"
    return ""


def _doubt(letter: DeadLetter, original: Received | None) -> str:
    """Return why the letter is not believed. Who may write letters must not reach every topic through whoever replays them."""
    if original is None:
        return "" if declared(letter.topic).retention == "short" else "the topic does not hold the original any more"
    said = (letter.tenant, letter.key, dict(letter.headers), letter.sha256)
    digest = hashlib.sha256(original.value).hexdigest()
    is_it = said == (original.tenant, original.key, dict(original.headers), digest) and letter.value == original.value
    return "" if is_it else "another message lies where it says that it was: somebody else wrote this letter"


def _original(letter: DeadLetter) -> Message:
    headers = letter.headers | {REPLAYED_FROM: letter.uid}
    return Message(letter.topic, letter.tenant, letter.key, letter.value, headers)


async def _look_up(log: Log, chosen: list[DeadLetter]) -> tuple[frozenset[str], Mapping[Spot, Received]]:
    """Find the marks of earlier replays, and the originals; the marks lie behind those, in the same partitions."""
    wanted = {_spot(letter) for letter in chosen}
    marks: set[str] = set()
    originals: dict[Spot, Received] = {}
    for place, start in _earliest(chosen).items():
        async for received in log.read(place.topic, place.partition, start):
            marks.add(received.headers.get(REPLAYED_FROM, ""))
            if (place, received.offset) in wanted:
                originals[place, received.offset] = received
    return frozenset(marks & {letter.uid for letter in chosen}), originals


def _spot(letter: DeadLetter) -> Spot:
    return TopicPartition(letter.topic, letter.partition), letter.offset


def _earliest(chosen: list[DeadLetter]) -> Mapping[TopicPartition, int]:
    first: dict[TopicPartition, int] = {}
    for letter in chosen:
        place = TopicPartition(letter.topic, letter.partition)
        first[place] = min(letter.offset, first.get(place, letter.offset))
    return first


def _batches(due: list[DeadLetter]) -> list[list[DeadLetter]]:
    return [due[start : start + _BATCH] for start in range(0, len(due), _BATCH)]
