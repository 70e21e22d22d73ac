"""Other tools publish to a real broker with no library of ours: what becomes events, what becomes dead letters."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
import zstandard

from runtime.log import MAX_RECORD_BYTES
from schemas.dead_letter import KEPT_BYTES
from schemas.identity import compose
from services.ingest.ports import MAPPED
from tests.integration.ingest.kafka_feed import Feed, feeding
from tests.servers.available import kafka_bootstrap

LINE = b"Mar  5 12:00:00 gw-9 sshd[812]: Failed password for root from 203.0.113.41 port 40100 ssh2"
LOGON = b'{"EventID":4624,"Channel":"Security","Computer":"srv-1","TargetUserName":"jo","TimeCreated":"2024-03-05T08:00:00Z"}'


@pytest.fixture
def bootstrap() -> str:
    return kafka_bootstrap()


@pytest.fixture
async def feed(bootstrap: str, tmp_path: Path) -> AsyncIterator[Feed]:
    async with feeding(bootstrap, tmp_path) as feed:
        yield feed


async def test_every_form_of_message_becomes_its_events(feed: Feed) -> None:
    await feed.publish(LOGON)
    await feed.publish(LOGON + b"\n" + LOGON, content_type="application/x-ndjson")
    await feed.publish(
        gzip.compress(b"[%b,%b]" % (LOGON, LOGON)), content_encoding="gzip", content_type="application/json"
    )
    await feed.publish(zstandard.compress(LINE), content_encoding="zstd", source="sshd_syslog")
    await feed.publish(LINE + b"\n" + LINE, tenant="lines", key=b"\xff\x00")
    events = await feed.events(8)
    assert sorted((one.tenant, one.headers["source"], one.headers[MAPPED]) for one in events) == sorted(
        [("acme", "windows_event_json", "1")] * 5 + [("acme", "sshd_syslog", "1")] + [("lines", "sshd_syslog", "1")] * 2
    )
    assert len({one.headers["uid"] for one in events}) == 8
    assert await feed.dead(0) == []


async def test_a_header_does_not_choose_the_tenant(feed: Feed) -> None:
    await feed.publish(LOGON, tenant="acme", tenant_uid="lines", stanch_tenant="lines")
    await feed.publish(b"\xff", stanch_tenant="lines")
    (event,), (letter,) = await feed.events(1), await feed.dead(1)
    assert (event.tenant, event.key, letter.tenant) == ("acme", compose("acme", "SRV-1"), "acme")
    assert orjson.loads(event.value)["metadata"]["tenant_uid"] == "acme"


async def test_what_cannot_be_understood_is_a_dead_letter_and_the_topic_goes_on(feed: Feed) -> None:
    await feed.publish(None, key=b"tombstone")
    await feed.publish(b"")
    await feed.publish(b"\xff\xfe odd", key=b"\xff\xfe", source=b"\xff")
    await feed.publish(b"\xff\xfe odd", trace=b"\x00\xff", host=b"\xc3")
    await feed.publish(b'{"a":' * 100)
    await feed.publish(b"x" * (MAX_RECORD_BYTES + 1))
    await feed.publish(b"not packed", content_encoding="gzip")
    await feed.publish(b'{"a":1}\n{"broken', content_type="application/x-ndjson")
    await feed.publish(LOGON)
    letters, events = await feed.dead(8), await feed.events(2)
    reasons = sorted(letter.reason.partition(":")[0] for letter in letters)
    assert reasons == sorted(
        ["the message is empty"] * 2
        + ["a source's name has up to 64 letters, digits and `_.", "neither JSON nor UTF-8 text", "no JSON", "no JSON"]
        + [f"larger than {MAX_RECORD_BYTES} bytes", "no valid gzip"]
    )
    assert {letter.fate for letter in letters} == {"rejected"}
    assert max(len(letter.value) for letter in letters) == KEPT_BYTES
    assert sorted(one.headers[MAPPED] for one in events) == ["0", "1"]
