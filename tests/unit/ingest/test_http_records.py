"""``POST /v1/records``: what is taken, what is refused, and that 202 means the log has it."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import httpx
import orjson
import pytest
import uvicorn
import zstandard
from fastapi import FastAPI

from runtime.clock import VirtualClock
from runtime.deployment import Deployment
from runtime.errors import Unavailable
from runtime.log import MAX_RECORD_BYTES, Log, Message
from schemas.tenant import Tenant
from services.ingest.__main__ import http_app
from services.ingest.settings import HttpSettings, Settings

TOKEN = "a token of acme"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
TENANTS = {
    "acme": Tenant.model_validate({"slug": "acme", "token": TOKEN}),
    "other": Tenant.model_validate({"slug": "other", "token": "another"}),
    "doorless": Tenant(slug="doorless"),
}
NOW = 1_709_640_000_000


class KeptLog:
    """A log that keeps what is appended, or is down; ``gate`` holds an append up, once it has ``entered``, until it is set."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.is_down = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()

    async def append(self, messages: Sequence[Message]) -> None:
        self.entered.set()
        await self.gate.wait()
        if self.is_down:
            raise Unavailable("the disk is full")
        self.messages += messages


@pytest.fixture
def log() -> KeptLog:
    return KeptLog()


def app_of(log: KeptLog, http: HttpSettings | None = None) -> FastAPI:
    deployment = Deployment(cast("Log", log), TENANTS, VirtualClock(NOW), Path())
    return http_app(deployment, Settings(http=http or HttpSettings()))


@pytest.fixture
async def door(log: KeptLog) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app_of(log))
    async with httpx.AsyncClient(transport=transport, base_url="http://door", headers=BEARER) as client:
        yield client


async def post(door: httpx.AsyncClient, content: bytes, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return await door.post("/v1/records", content=content, headers=names)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b'{"a":1}', 1),
        (b'[{"a":1},{"a":2}]', 2),
        (b'{"a":1}\n{"a":2}\r\n{"a":3}', 3),
        (b'{"Records":[{"a":1},{"a":2}]}', 2),
        (b'{\n  "a": 1\n}\n{\n  "a": 2\n}\n', 2),
    ],
)
async def test_the_log_has_every_record_byte_for_byte(
    door: httpx.AsyncClient, log: KeptLog, content: bytes, count: int
) -> None:
    answer = await post(door, content, x_stanch_source="app")
    assert (answer.status_code, answer.json()) == (202, {"accepted": count})
    assert len(log.messages) == count
    assert all(message.value in content for message in log.messages)
    assert {(message.topic, message.tenant, message.key) for message in log.messages} == {
        ("records.acme", "acme", "app")
    }


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress), ("identity", bytes)],
)
async def test_packed_bodies_are_unpacked(door: httpx.AsyncClient, log: KeptLog, encoding: str, packed: Any) -> None:
    answer = await post(door, packed(b'{"a":1}\n{"a":2}'), content_encoding=encoding)
    assert answer.status_code == 202
    assert [message.value for message in log.messages] == [b'{"a":1}', b'{"a":2}']


async def test_members_of_one_gzip_body_follow_each_other(door: httpx.AsyncClient, log: KeptLog) -> None:
    answer = await post(door, gzip.compress(b'{"a":1}\n') + gzip.compress(b'{"a":2}\n'), content_encoding="gzip")
    assert answer.json() == {"accepted": 2}


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer  ", f"Bearer {TOKEN}x"]
)
async def test_without_a_tenants_token_nobody_enters(log: KeptLog, authorization: str) -> None:
    transport = httpx.ASGITransport(app_of(log))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        answer = await client.post("/v1/records", content=b"{}", headers={"Authorization": authorization})
    assert (answer.status_code, answer.headers["www-authenticate"], log.messages) == (401, "Bearer", [])


async def test_the_tenant_comes_from_the_token_alone(door: httpx.AsyncClient, log: KeptLog) -> None:
    await post(door, b'{"tenant":"other"}', x_stanch_tenant="other")
    assert [message.tenant for message in log.messages] == ["acme"]


@pytest.mark.parametrize(
    ("content", "number", "reason"),
    [
        (b'{"a":1}\n{"a":\n{"a":3}', 2, "no JSON"),
        (b'{"a":1}\nhello', 2, "no JSON"),
        (b'[{"a":1},[2]]', 2, "no object"),
        (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", 1, "deeper than 64"),
        (b'{"a":1e999}', 1, "no JSON"),
        (b'\xff{"a":1}', 1, "no JSON"),
    ],
)
async def test_a_refusal_names_the_record_and_the_reason_and_takes_nothing(
    door: httpx.AsyncClient, log: KeptLog, content: bytes, number: int, reason: str
) -> None:
    answer = await post(door, content)
    assert (answer.status_code, answer.json()["record"]) == (400, number)
    assert reason in answer.json()["error"]
    assert log.messages == []


async def test_text_is_taken_line_by_line(door: httpx.AsyncClient, log: KeptLog) -> None:
    answer = await post(door, b"<13>Mar  5 08:00:00 gw app: one\n[Tue] two\n", content_type="text/plain")
    assert answer.json() == {"accepted": 2}
    assert [message.value for message in log.messages] == [b"<13>Mar  5 08:00:00 gw app: one", b"[Tue] two"]


async def test_an_empty_body_is_refused(door: httpx.AsyncClient) -> None:
    assert (await post(door, b" \n")).status_code == 400


async def test_a_record_of_more_than_a_mebibyte_is_too_large(door: httpx.AsyncClient, log: KeptLog) -> None:
    answer = await post(door, b'{"a":1}\n{"a":"' + b"x" * MAX_RECORD_BYTES + b'"}')
    assert (answer.status_code, answer.json()["record"], log.messages) == (413, 2, [])


async def test_a_body_is_bounded_before_and_after_unpacking(log: KeptLog) -> None:
    limit = MAX_RECORD_BYTES
    app = app_of(log, HttpSettings(max_body_bytes=limit))
    bomb = b'{"a":"' + b" " * (100 * limit) + b'"}'
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door", headers=BEARER) as client:
        plain = await post(client, b" " * (limit + 1))
        packed = [await post(client, gzip.compress(bomb), content_encoding="gzip"),
                  await post(client, zstandard.compress(bomb), content_encoding="zstd")]  # fmt: skip
    assert [answer.status_code for answer in (plain, *packed)] == [413, 413, 413]
    assert log.messages == []


async def test_damaged_and_unknown_encodings_are_refused(door: httpx.AsyncClient) -> None:
    damaged = gzip.compress(b'{"a":1}')
    answers = [
        await post(door, damaged[:-6], content_encoding="gzip"),
        await post(door, b"no gzip", content_encoding="gzip"),
        await post(door, b"no zstd", content_encoding="zstd"),
        await post(door, zstandard.compress(b'{"a":1}')[:-2], content_encoding="zstd"),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4
    assert [answer.json()["error"][:26] for answer in answers] == ["the body is no valid gzip:"] * 2 + [
        "the body is no valid zstd:"
    ] * 2


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, zstd", "x" * 100])
async def test_an_unknown_encoding_is_told_which_are_known(door: httpx.AsyncClient, encoding: str) -> None:
    answer = await post(door, b"{}", content_encoding=encoding)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, zstd, identity")
    assert "known are gzip, zstd, identity" in answer.json()["error"]


async def test_a_log_that_is_down_asks_to_come_again(door: httpx.AsyncClient, log: KeptLog) -> None:
    log.is_down = True
    answer = await post(door, b"{}")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    log.is_down = False
    assert (await post(door, b"{}")).status_code == 202


async def test_too_much_in_flight_asks_to_come_again(log: KeptLog) -> None:
    app = app_of(log, HttpSettings(max_in_flight_bytes=MAX_RECORD_BYTES))
    body = orjson.dumps({"a": "x" * 700_000})
    log.gate.clear()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door", headers=BEARER) as client:
        first = asyncio.create_task(post(client, body))
        await log.entered.wait()
        second = await post(client, body)
        log.gate.set()
        assert (await first).status_code == 202
        assert (second.status_code, second.headers["retry-after"]) == (429, "2")
        assert (await post(client, body)).status_code == 202


async def test_what_a_packed_body_holds_counts_as_in_flight(log: KeptLog) -> None:
    app = app_of(log, HttpSettings(max_in_flight_bytes=MAX_RECORD_BYTES))
    small = zstandard.compress(orjson.dumps({"a": "x" * 700_000}))
    log.gate.clear()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door", headers=BEARER) as client:
        first = asyncio.create_task(post(client, small, content_encoding="zstd"))
        await log.entered.wait()
        second = await post(client, small, content_encoding="zstd")
        log.gate.set()
        assert ((await first).status_code, second.status_code) == (202, 429)


async def test_one_tenants_flood_leaves_room_for_another(log: KeptLog) -> None:
    app = app_of(log, HttpSettings(max_in_flight_bytes=2 * MAX_RECORD_BYTES, max_body_bytes=MAX_RECORD_BYTES))
    body = orjson.dumps({"a": "x" * 200_000})
    log.gate.clear()
    async with (
        asyncio.timeout(20),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door", headers=BEARER) as client,
    ):
        flood = [asyncio.create_task(post(client, body)) for _ in range(20)]
        refused = [(await answer).status_code for answer in islice(asyncio.as_completed(flood), 13)]
        other = asyncio.create_task(post(client, body, authorization="Bearer another"))
        log.gate.set()
        taken = [(await task).status_code for task in (*flood, other)]
    assert (set(refused), taken.count(202), taken[-1]) == ({429}, 8, 202)
    assert {message.tenant for message in log.messages} == {"acme", "other"}


async def test_a_slow_body_makes_room_for_others(log: KeptLog) -> None:
    settings = HttpSettings(
        max_body_seconds=0.01, max_in_flight_bytes=MAX_RECORD_BYTES, max_body_bytes=MAX_RECORD_BYTES
    )
    never = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    transport = httpx.ASGITransport(app_of(log, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://door", headers=BEARER) as door:
        response = await door.post("/v1/records", content=slow())
        assert response.status_code == 408
        assert (await post(door, b'{"a":1}')).status_code == 202


async def test_a_retry_has_the_positions_of_the_first_try(door: httpx.AsyncClient, log: KeptLog) -> None:
    for _ in range(2):
        await post(door, b'{"a":1}\n{"a":1}')
    await post(door, b'{"a":1}\n{"a":2}')
    first, again, other = (
        [message.headers["position"] for message in log.messages[start : start + 2]] for start in (0, 2, 4)
    )
    assert first == again
    assert len({*first, *other}) == 4


async def test_an_idempotency_key_tells_equal_bodies_apart(door: httpx.AsyncClient, log: KeptLog) -> None:
    await post(door, b"{}", idempotency_key="1")
    await post(door, b"{}", idempotency_key="2")
    await post(door, b"{}", idempotency_key="1")
    positions = [message.headers["position"] for message in log.messages]
    assert positions[0] == positions[2] != positions[1]
    assert (await post(door, b"{}", idempotency_key="x" * 129)).status_code == 400


async def test_the_source_may_be_named_in_header_or_query(door: httpx.AsyncClient, log: KeptLog) -> None:
    await post(door, b"{}")
    await post(door, b"{}", x_stanch_source="zeek")
    await door.post("/v1/records?source=mine", content=b"{}")
    assert [message.headers["source"] for message in log.messages] == ["auto", "zeek", "mine"]
    assert (await post(door, b"{}", x_stanch_source="no such\tname")).status_code == 400


async def test_a_table_of_zeek_travels_with_its_header_lines(door: httpx.AsyncClient, log: KeptLog) -> None:
    table = b"#separator \\x09\n#path\tconn\n#fields\tts\tuid\n#types\ttime\tstring\n1.5\tC1\n2.5\tC2\n#close\tx\n"
    assert (await post(door, table)).json() == {"accepted": 2}
    assert all(message.headers["preamble"].startswith("#separator") for message in log.messages)


async def test_over_a_real_socket(log: KeptLog) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app_of(log), log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/records"
        async with httpx.AsyncClient(headers=BEARER, timeout=10) as client:
            answer = await client.post(url, content=gzip.compress(b'{"a":1}'), headers={"Content-Encoding": "gzip"})
            refused = await client.post(url, content=b"{")
        server.should_exit = True
        await serving
    assert (answer.status_code, refused.status_code) == (202, 400)
    assert [message.value for message in log.messages] == [b'{"a":1}']
