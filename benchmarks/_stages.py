"""Where the time goes: when each stage of a containment stood in the log, read back after the run."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from runtime.log import Received
from runtime.outputs import CAUSATION
from schemas.topics import CORRELATE_LEDGER, EVENTS, FACTS, FINDINGS, RECORDS_PREFIX, RESPOND_LEDGER

STAGES: Final = ("records", "events", "findings", "facts", "incident", "wish", "intent")
_KEY: Final = re.compile(r"http-key:\d+:(intrusion-\d+):\d+")
_INTENT: Final = "lane.dispatched"

Instants = Mapping[str, int]


def stages(path: Path, accounts: Mapping[str, str]) -> Mapping[str, Instants]:
    """Return, by the key of the request, when each stage was committed, in epoch milliseconds.

    ``accounts`` says by the same key whom the containment takes.
    """
    return asyncio.run(_read(path, accounts))


async def _read(path: Path, accounts: Mapping[str, str]) -> Mapping[str, Instants]:
    log = EmbeddedLog(path, WallClock())
    try:
        names = [topic for topic in await log.topics() if topic.startswith(RECORDS_PREFIX)]
        records = [one for topic in names for one in await _all(log, topic)]
        later = {topic.name: await _all(log, topic.name) for topic in (EVENTS, FINDINGS, FACTS)}
        ledgers = [await _all(log, topic.name) for topic in (CORRELATE_LEDGER, RESPOND_LEDGER)]
    finally:
        await log.close()
    return _joined(records, later, ledgers, accounts)


async def _all(log: EmbeddedLog, topic: str) -> list[Received]:
    return [one async for one in log.read(topic, 0)]


def _joined(
    records: Sequence[Received],
    later: Mapping[str, Sequence[Received]],
    ledgers: Sequence[Sequence[Received]],
    accounts: Mapping[str, str],
) -> Mapping[str, Instants]:
    found: dict[str, dict[str, int]] = {key: {} for key in accounts}
    request = {_place(one): match[1] for one in records if (match := _KEY.match(one.headers.get("position", "")))}
    _note(found, "records", ((request[_place(one)], one.at) for one in records if _place(one) in request))
    events = {_place(one): key for one in later[EVENTS.name] if (key := request.get(one.headers[CAUSATION]))}
    _note(found, "events", ((events[_place(one)], one.at) for one in later[EVENTS.name] if _place(one) in events))
    for topic in (FINDINGS.name, FACTS.name):
        _note(found, topic, ((key, one.at) for one in later[topic] if (key := events.get(one.headers[CAUSATION]))))
    for key, account in accounts.items():
        name = account.rpartition("\\")[2].encode()
        found[key] |= _decided(name, *ledgers)
    return found


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


def _note(found: dict[str, dict[str, int]], stage: str, seen: Iterable[tuple[str, int]]) -> None:
    for key, at in seen:
        found[key][stage] = max(at, found[key].get(stage, 0))


def _place(one: Received) -> str:
    return f"{one.topic}/{one.partition}/{one.offset}"
