"""Records that a faulty source refused come back after the fix, with nothing lost and nothing doubled."""

from pathlib import Path

from runtime import dead_letters
from runtime.clock import VirtualClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.errors import Rejected
from runtime.log import Message
from schemas.tenant import Tenant
from services.ingest.core import Normalizer
from services.ingest.ports import MAPPED, Hints, Parsed, Source
from services.ingest.sources.aws_cloudtrail import SOURCE
from services.ingest.stream import worker

TENANT = Tenant.model_validate({"slug": "acme", "token": "t", "key": "k"})
EXAMPLE = SOURCE.examples[0].record
COUNT = 50


def refuse(record: bytes, hints: Hints) -> Parsed:
    raise Rejected("eventVersion 1.99 is not known")


FAULTY = Source(SOURCE.name, refuse, SOURCE.recognises, SOURCE.examples)


async def work(log: EmbeddedLog, clock: VirtualClock, home: Path, source: Source) -> None:
    process = worker(Deployment(log, {"acme": TENANT}, clock, home), Normalizer([source]), {})
    await process.start()
    while await process.step(0):
        pass
    await process.stop()


async def mapped_events(log: EmbeddedLog) -> list[str]:
    return [event.headers["uid"] async for event in log.read("events", 0) if event.headers[MAPPED] == "1"]


async def test_what_a_faulty_source_refused_comes_back_after_the_fix(tmp_path: Path) -> None:
    clock = VirtualClock(1_709_640_000_000)
    log = EmbeddedLog(tmp_path / "log.sqlite3", clock)
    headers = [{"source": SOURCE.name, "position": str(number)} for number in range(COUNT)]
    await log.append([Message("records.acme", "acme", "trail", EXAMPLE, one) for one in headers])
    await work(log, clock, tmp_path, FAULTY)
    refused = [letter async for letter in dead_letters.letters(log)]
    assert [letter.value for letter in refused] == [EXAMPLE] * COUNT
    assert await mapped_events(log) == []

    done = await dead_letters.replay(log, lambda letter: letter.service == "ingest")
    again = await dead_letters.replay(log, lambda letter: letter.service == "ingest")
    assert (len(done.returned), len(again.returned)) == (COUNT, 0)
    await work(log, clock, tmp_path, SOURCE)
    events = await mapped_events(log)
    assert len(events) == len(set(events)) == COUNT
    assert len([letter async for letter in dead_letters.letters(log)]) == COUNT
    await log.close()
