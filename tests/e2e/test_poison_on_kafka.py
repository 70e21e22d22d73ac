"""Poison on live topics: each such message ends as a dead letter with its bytes, and the partition goes on."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaProducer

from runtime.clock import WallClock
from runtime.kafka import KafkaAdmin
from runtime.log import MAX_RECORD_BYTES
from schemas.dead_letter import KEPT_BYTES, DeadLetter, Fate
from schemas.topics import DEAD_LETTERS, records_of
from tests.e2e.broken_ingest import MARK
from tests.e2e.following import hold_of
from tests.e2e.intrusions import Intrusion
from tests.e2e.on_kafka import TENANT, TENANT_FILE, Site, number_of, numbered, post, site
from tests.e2e.processes import lab, tenant_file
from tests.servers.available import kafka_bootstrap

RECORDS = records_of(TENANT)
JSON = [("content-type", b"application/json")]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A message as any other tool may publish it."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()


POISON = {
    "no JSON": Foreign(b"no json at all", headers=JSON),
    "broken UTF-8": Foreign(b"\xff\xfe\xc3\x28 broken", key=b"windows_event_json"),
    "a byte too many": Foreign(b'{"a": "' + b"x" * (MAX_RECORD_BYTES - 8) + b'"}', headers=JSON),
    "hostile depth": Foreign(b'{"a":' * 5_000 + b"1" + b"}" * 5_000, headers=JSON),
    "nothing": Foreign(None),
    "nothing but a key": Foreign(None, key=b"auto"),
    "a malformed source": Foreign(b"{}", headers=[("source", b"\xff no name \x00")]),
}
INCOMPATIBLE = {
    "foreign JSON": Foreign(b'{"some": ["other", "schema"]}', key=b"acme|x"),
    "no key, no headers": Foreign(b'{"some": ["other", "schema"]}'),
    "nothing": Foreign(None),
    "no tenant's key": Foreign(b"{}", key=b"\xff not a tenant \x00|x"),
    "no JSON": Foreign(b"\x00\x01\x02", key=b"acme|y", headers=[("uid", b"\xff"), ("native", b"x:y")]),
}
SENT = {
    "events": list(INCOMPATIBLE.values()),
    "findings": list(INCOMPATIBLE.values()),
    "incidents": [one for one in INCOMPATIBLE.values() if one.key],  # a compacted topic takes nothing without a key
}
READERS = {
    "events": ["detect.context", "detect.match"], "findings": ["detect.correlate"], "incidents": ["notify", "respond"],
}  # fmt: skip


@pytest.fixture
def bootstrap() -> str:
    return kafka_bootstrap()


@pytest.fixture
def deployed(tmp_path: Path, bootstrap: str) -> Site:
    found = site(tmp_path, bootstrap, {TENANT: TENANT_FILE})
    found.create_topics()
    return found


async def publish(deployed: Site, topic: str, messages: Sequence[Foreign]) -> None:
    """Write as a client that knows nothing of us."""
    limits = {"max_request_size": 4 * MAX_RECORD_BYTES, "max_batch_size": 4 * MAX_RECORD_BYTES}
    async with AIOKafkaProducer(bootstrap_servers=deployed.bootstrap, **limits) as producer:
        for one in messages:
            batch = producer.create_batch()  # which, unlike ``send``, takes a message of neither key nor value
            assert batch.append(timestamp=None, key=one.key, value=one.value, headers=list(one.headers))
            await (await producer.send_batch(batch, f"{deployed.deployment}.{topic}", partition=0))


async def letters(deployed: Site, count: int) -> list[DeadLetter]:
    """The dead letters, as soon as there are so many."""
    found = await deployed.until(DEAD_LETTERS.name, lambda found: len(found) >= count)
    return [DeadLetter.model_validate_json(one.value) for one in found]


def check_all(found: Sequence[DeadLetter], messages: Sequence[Foreign]) -> None:
    """Whether each message is kept, once."""
    assert [letter.fate for letter in found] == [Fate.REJECTED] * len(messages)
    for letter, message in zip(found, messages, strict=True):
        check(letter, message)


def check(letter: DeadLetter, message: Foreign) -> None:
    """Whether the letter keeps the message."""
    value = message.value or b""
    assert letter.value == value[:KEPT_BYTES]
    assert (letter.length, letter.sha256) == (len(value), hashlib.sha256(value).hexdigest())


async def test_poison_records_are_kept_and_the_good_one_behind_them_arrives(deployed: Site) -> None:
    await publish(deployed, RECORDS, [*POISON.values(), Foreign(numbered(7))])
    with deployed.service("ingest") as up:
        await asyncio.to_thread(up.wait_for, "up")
        (event,) = await deployed.until("events", bool)
        assert number_of(event) == 7
        check_all(await letters(deployed, len(POISON)), list(POISON.values()))
        assert up.process.poll() is None


@pytest.mark.slow
async def test_incompatible_messages_on_every_topic_stop_nobody(tmp_path: Path, bootstrap: str) -> None:
    intrusion = Intrusion(1)
    contained = hold_of(intrusion.account, "active", "verified")
    with lab() as products:
        deployed = site(tmp_path, bootstrap, {TENANT: tenant_file(products, "ACME_TOKEN")})
        deployed.create_topics()
        enrol(products, intrusion)
        for topic, messages in SENT.items():
            await publish(deployed, topic, messages)
        with deployed.home.up("--log", deployed.log) as up:
            assert post(up, *intrusion.records(WallClock().now()).splitlines()).status_code == 202
            await deployed.until("holds", lambda found: any(contained(orjson.loads(one.value)) for one in found))
            assert up.process.poll() is None
        found = await letters(deployed, sum(len(READERS[topic]) * len(sent) for topic, sent in SENT.items()))
        for topic, messages in SENT.items():
            for service in READERS[topic]:
                check_all([one for one in found if (one.topic, one.service) == (topic, service)], messages)
        for command in ("incidents", "holds"):
            assert intrusion.account in deployed.home.command(command, "--log", deployed.log).stdout


@pytest.mark.slow
async def test_a_release_that_breaks_keeps_what_it_cannot_handle_and_the_next_one_handles_it(deployed: Site) -> None:
    few = [numbered(0), broken(1), numbered(2), broken(3), numbered(4)]
    many = [broken(number) for number in range(5, 505)]
    with deployed.service("ingest", module="tests.e2e.broken_ingest") as up:
        await asyncio.to_thread(up.wait_for, "up")
        assert post(up, *few).status_code == 202
        events = await deployed.until("events", lambda found: len(found) >= 3)
        assert [number_of(event) for event in events] == [0, 2, 4]
        for letter, record in zip(await letters(deployed, 2), (broken(1), broken(3)), strict=True):
            check(letter, Foreign(record))
            assert letter.fate is Fate.BUG
            assert "ZeroDivisionError" in letter.traceback
            assert "broken_ingest.py" in letter.traceback
        assert post(up, *many).status_code == 202
        gave_up = await asyncio.to_thread(up.wait_for, "gave up")
        assert "3 times within a minute: MostlyBugs" in gave_up["reason"]
        assert await asyncio.to_thread(up.process.wait, 10) == 1
    dead = len(await deployed.messages(DEAD_LETTERS.name))
    assert dead < 250, "the topic was not emptied into the dead letters"
    async with KafkaAdmin(deployed.bootstrap, f"{deployed.deployment}.") as admin:
        assert await admin.lag(f"{deployed.deployment}.ingest", [RECORDS]) == len(few) + len(many) - 3 - dead
    with deployed.service("ingest") as up:
        await asyncio.to_thread(up.wait_for, "up")
        put_back = await asyncio.to_thread(deployed.home.command, "dead-letters", "replay", "--log", deployed.log)
        assert put_back.stdout.startswith(f"{dead} back on their topics, 0 had"), put_back
        events = await deployed.until("events", lambda found: len(found) >= 505)
        assert sorted(number_of(event) for event in events) == list(range(505))
    again = await asyncio.to_thread(deployed.home.command, "dead-letters", "replay", "--log", deployed.log)
    assert again.stdout.startswith(f"0 back on their topics, {dead} had"), again


def broken(number: int) -> bytes:
    """A record that the broken release cannot handle."""
    return numbered(number).replace(b"WKS01", MARK)


def enrol(products: str, intrusion: Intrusion) -> None:
    """Make the products know whom it takes."""
    for path, name in (("hosts", intrusion.host), ("accounts", intrusion.account)):
        domain = {"domain": "corp.example"} if path == "hosts" else {"dns_domain": "corp.example"}
        httpx.post(f"{products}/lab/{path}", json=[{"name": name} | domain]).raise_for_status()
