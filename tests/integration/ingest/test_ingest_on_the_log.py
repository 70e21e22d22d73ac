"""From the HTTP door over the log to events, measures and dead letters."""

import gzip
from pathlib import Path

import httpx
import orjson

from runtime.clock import VirtualClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.log import Message, Received
from schemas.dead_letter import DeadLetter
from schemas.event import EventHeaders
from schemas.tenant import Tenant
from services.ingest.__main__ import compose, http_app
from services.ingest.ports import MAPPED

TENANT = Tenant.model_validate({"slug": "acme", "token": "t", "key": "k"})
LINES = (
    b'{"EventID":4624,"Channel":"Security","Computer":"srv-1","TargetUserName":"jo","TimeCreated":"2024-03-05T08:00:00Z"}\n'
    b'{"level":"info"}\n'
    b'{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"srv-1"}\n'
)


async def everything(log: EmbeddedLog, topic: str) -> list[Received]:
    return [
        received for partition in range(await log.partitions(topic)) async for received in log.read(topic, partition)
    ]


async def test_what_the_door_takes_becomes_events_or_dead_letters(tmp_path: Path) -> None:
    clock = VirtualClock(1_709_640_000_000)
    log = EmbeddedLog(tmp_path / "log.sqlite3", clock)
    deployment = Deployment(log, {"acme": TENANT}, clock, tmp_path)
    transport = httpx.ASGITransport(http_app(deployment))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://door", headers={"Authorization": "Bearer t"}
    ) as client:
        assert (await client.post("/v1/records", content=LINES)).json() == {"accepted": 3}
        text = {"Content-Type": "text/plain"}
        assert (await client.post("/v1/records", content=b'{"broken\n', headers=text)).json() == {"accepted": 1}
    worker = compose(deployment)
    await worker.start()
    while await worker.step(0):
        pass
    await worker.stop()
    events = await everything(log, "events")
    letters = [DeadLetter.model_validate_json(one.value) for one in await everything(log, "dead-letters")]
    await log.close()
    assert sorted((one.headers["source"], one.headers[MAPPED]) for one in events) == [
        ("unknown", "0"), ("windows_event_json", "0"), ("windows_event_json", "1"),
    ]  # fmt: skip
    assert [(letter.value, letter.fate) for letter in letters] == [(b'{"broken', "rejected")]
    assert all(EventHeaders.from_headers(one.headers).native(one.value) in LINES for one in events)
    assert {orjson.loads(one.value)["metadata"]["tenant_uid"] for one in events} == {"acme"}


async def test_a_message_of_many_records_becomes_its_events_once(tmp_path: Path) -> None:
    clock = VirtualClock(1_709_640_000_000)
    log = EmbeddedLog(tmp_path / "log.sqlite3", clock)
    value = gzip.compress(LINES + b'{"broken')
    await log.append([Message("records.acme", "acme", "", value, {"content-encoding": "gzip"})])
    for _ in range(2):
        worker = compose(Deployment(log, {"acme": TENANT}, clock, tmp_path))
        await worker.start()
        while await worker.step(0):
            pass
        await worker.stop()
    events, letters = await everything(log, "events"), await everything(log, "dead-letters")
    records = await everything(log, "records.acme")
    await log.close()
    assert [one.value for one in records[1:]] == [*LINES.splitlines(), b'{"broken']
    assert len({one.headers["uid"] for one in events}) == len(events) == 3
    assert [DeadLetter.model_validate_json(one.value).value for one in letters] == [b'{"broken']
