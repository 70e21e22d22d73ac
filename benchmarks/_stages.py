"""Where the time goes: when each stage of a containment stood in the log, read back after the run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from runtime.log import Log, Received
from runtime.outputs import CAUSATION
from schemas.topics import CORRELATE_LEDGER, EVENTS, FACTS, FINDINGS, RESPOND_LEDGER

STAGES: Final = ("records", "events", "findings", "facts", "incident", "wish", "intent")
_INTENT: Final = "lane.dispatched"

Instants = Mapping[str, int]


async def trace(log: Log, requests: Mapping[str, str], accounts: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Return, by the key of the request, when each stage after the records was committed, in epoch milliseconds.

    ``requests`` says of which request a record is, by its place; ``accounts`` by the key whom the containment takes.
    """
    found: dict[str, dict[str, int]] = {key: {} for key in accounts}
    later = {topic.name: await whole(log, topic.name) for topic in (EVENTS, FINDINGS, FACTS)}
    events = {place(one): key for one in later[EVENTS.name] if (key := requests.get(one.headers[CAUSATION]))}
    note(found, "events", ((events[place(one)], one.at) for one in later[EVENTS.name] if place(one) in events))
    for topic in (FINDINGS.name, FACTS.name):
        note(found, topic, ((key, one.at) for one in later[topic] if (key := events.get(one.headers[CAUSATION]))))
    correlate, respond = await whole(log, CORRELATE_LEDGER.name), await whole(log, RESPOND_LEDGER.name)
    for key, account in accounts.items():
        found[key] |= _decided(account.rpartition("\\")[2].encode(), correlate, respond)
    return found


async def whole(log: Log, topic: str) -> list[Received]:
    """Return all that the topic holds."""
    return [one for number in range(await log.partitions(topic)) async for one in log.read(topic, number)]


def note(found: Mapping[str, dict[str, int]], stage: str, seen: Iterable[tuple[str, int]]) -> None:
    """Remember, for each request, the latest instant at which something of it came to ``stage``."""
    for key, at in seen:
        found[key][stage] = max(at, found[key].get(stage, 0))


def place(one: Received) -> str:
    """Return the place of a message as its consequences name it."""
    return f"{one.topic}/{one.partition}/{one.offset}"


def _decided(name: bytes, correlate: Sequence[Received], respond: Sequence[Received]) -> dict[str, int]:
    """Return when the incident was published, the wish was written, and the intent."""
    about = [one for one in respond if name in one.value]
    intents = (one.at for one in about if one.headers["kind"] == _INTENT)
    firsts = {
        "incident": next((one.at for one in correlate if name in one.value), None),
        "wish": next((one.at for one in about), None),
        "intent": next(intents, None),
    }
    return {stage: at for stage, at in firsts.items() if at is not None}
