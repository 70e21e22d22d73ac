"""Other tools publish too: whatever they send arrives, and nothing of it crashes a reader or crosses a tenant."""

import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from runtime.clock import VirtualClock
from runtime.kafka import KafkaLog
from tests.contract.log_adapters import content, drain, ignore, texts
from tests.contract.log_topics import have_topics, prefix_of

CRC, ATTRIBUTES = 17, 21  # where a batch has its checksum, and where what it is of begins


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[KafkaLog]:
    opened = KafkaLog(have_topics(tmp_path), VirtualClock(1_000), prefix_of(tmp_path))
    yield opened
    await opened.close()


@pytest.fixture
async def foreign(tmp_path: Path) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=have_topics(tmp_path)) as producer:
        yield producer


async def test_the_tenant_of_records_is_their_topic(log: KafkaLog, foreign: AIOKafkaProducer, tmp_path: Path) -> None:
    await foreign.send_and_wait(
        f"{prefix_of(tmp_path)}records.acme",
        b"x",
        key=b"globex|s",
        headers=[("stanch-tenant", b"globex")],
        timestamp_ms=5,
    )
    async with log.subscribe(f"{prefix_of(tmp_path)}g", ["records.*"], ignore, ignore) as subscription:
        (got,) = await drain(subscription, 1)
    assert (got.tenant, got.key, dict(got.headers)) == ("acme", "globex|s", {})
    assert got.at > 1_600_000_000_000, "the broker's clock, whatever the sender's says"


async def test_elsewhere_it_is_said_by_the_key(log: KafkaLog, foreign: AIOKafkaProducer, tmp_path: Path) -> None:
    await foreign.send_and_wait(f"{prefix_of(tmp_path)}findings", b"x", key=b"acme|f1", timestamp_ms=5)
    (got,) = [one async for one in log.read("findings", 0)]
    assert (got.tenant, got.at) == ("acme", 5)


async def test_no_key_no_value_and_no_text_are_read_all_the_same(
    log: KafkaLog, foreign: AIOKafkaProducer, tmp_path: Path
) -> None:
    topic = f"{prefix_of(tmp_path)}records.acme"
    await foreign.send_and_wait(topic, b"no key")
    await foreign.send_and_wait(topic, None, key=b"no value")
    await foreign.send_and_wait(topic, b"no text", key=b"\xff", headers=[("h", b"\xfe"), ("n", None)])
    async with log.subscribe(f"{prefix_of(tmp_path)}g", ["records.*"], ignore, ignore) as subscription:
        got = await drain(subscription, 3)
    assert [(one.key, one.value) for one in got] == [("", b"no key"), ("no value", b""), ("\\xff", b"no text")]
    assert got[2].headers == {"h": "\\xfe", "n": ""}


async def test_a_record_that_the_client_cannot_read_blocks_nobody(
    log: KafkaLog, foreign: AIOKafkaProducer, tmp_path: Path
) -> None:
    """The name of a header must be text; the client raises in the middle of its page where it is not."""
    topic = f"{prefix_of(tmp_path)}records.acme"
    for number, name in enumerate(("a", "b", "POISON", "d", "POISON", "POISON", "g")):
        batch = foreign.create_batch()
        batch.append(key=b"k", value=str(number).encode(), timestamp=None, headers=[(name, b"")])
        batch.close()
        await (await foreign.send_batch(_Spoilt(batch) if name == "POISON" else batch, topic, partition=0))
    async with log.subscribe(f"{prefix_of(tmp_path)}g", ["records.*"], ignore, ignore) as subscription:
        assert texts(await drain(subscription, 4)) == ["0", "1", "3", "6"]
        assert not await subscription.poll(10, 0)
    assert await content(log, "records.acme") == ["0", "1", "3", "6"]


class _Spoilt:
    """A batch whose bytes are no text any more where a header's name was, under a checksum that is right."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def _build(self) -> bytes:
        data = bytearray(self._batch._build().replace(b"POISON", b"\xff\xfe\xff\xfe\xff\xfe"))
        struct.pack_into(">I", data, CRC, calc_crc32c(bytes(data[ATTRIBUTES:])))
        return bytes(data)
