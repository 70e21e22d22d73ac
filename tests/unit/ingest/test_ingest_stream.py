"""The normaliser: one record in, one event out, keyed by what it is about; and the measures of each second."""

import orjson
import pytest

from runtime.errors import Rejected
from runtime.log import Received
from schemas.event import EventHeaders
from schemas.identity import REPLAY_KEY, compose, event_uid
from schemas.measure import Measure
from schemas.tenant import Tenant
from services.ingest.__main__ import normalizer
from services.ingest.stream import Ingest

TENANTS = {
    "acme": Tenant.model_validate({"slug": "acme", "key": "a secret of acme"}),
    "plain": Tenant(slug="plain"),
}
NOW = 1_709_640_000_500
WINDOWS = b'{"EventID":4624,"Channel":"Security","Computer":"srv-1.corp.example","TargetUserName":"jo","TargetDomainName":"CORP"}'
CLOUD = (
    b'{"eventSource":"s3.amazonaws.com","eventName":"GetObject","eventTime":"2024-03-05T12:00:00Z",'
    b'"userIdentity":{"arn":"arn:aws:iam::1:user/jo"}}'
)


def ingest(*, virtual: bool = False, hosts: dict[str, str] | None = None) -> Ingest:
    return Ingest(normalizer(), TENANTS, hosts or {}, virtual=virtual)


def received(value: bytes, tenant: str = "acme", offset: int = 3, **headers: str) -> Received:
    return Received(f"records.{tenant}", 0, offset, tenant, headers.get("source", "auto"), value, headers, at=NOW - 7)


def test_an_event_is_keyed_by_its_host_else_its_account_else_its_tenant() -> None:
    values = (WINDOWS, CLOUD, b'{"nothing":"known"}')
    keys = [ingest().handle(received(value), NOW)[0].key for value in values]
    assert keys == [compose("acme", "SRV-1"), compose("acme", "arn:aws:iam::1:user/jo"), compose("acme")]


def test_the_headers_tell_what_readers_route_by() -> None:
    message = ingest().handle(received(WINDOWS, source="dc-logs", position="p:1"), NOW)[0]
    headers = EventHeaders.from_headers(message.headers)
    assert (message.topic, headers.source, headers.kind) == ("events", "windows_event_json", "security/4624")
    assert (headers.logsource.product, headers.logsource.service) == ("windows", "security")
    assert (message.headers["mapped"], message.headers["time-quality"]) == ("1", "receipt")
    assert headers.native(message.value) == WINDOWS
    assert orjson.loads(message.value)["metadata"]["uid"] == headers.uid


def test_a_base_event_says_that_no_mapper_knew_it() -> None:
    message = ingest().handle(received(b'{"nothing":"known"}'), NOW)[0]
    assert (message.headers["mapped"], message.headers["source"]) == ("0", "unknown")


def test_the_id_follows_from_the_tenants_key_the_stream_the_place_and_the_bytes() -> None:
    message = ingest().handle(received(WINDOWS, source="dc-logs", position="p:1"), NOW)[0]
    assert message.headers["uid"] == event_uid(b"a secret of acme", "dc-logs", "p:1", WINDOWS)


def test_without_a_position_the_place_on_the_log_is_one() -> None:
    uids = {ingest().handle(received(WINDOWS, offset=offset), NOW)[0].headers["uid"] for offset in (1, 1, 2)}
    assert len(uids) == 2


def test_a_replay_has_its_own_key_and_its_own_time() -> None:
    message = ingest(virtual=True).handle(received(WINDOWS, tenant="unheard-of", position="p:1"), 42_000)[0]
    assert message.headers["uid"] == event_uid(REPLAY_KEY, "auto", "p:1", WINDOWS)
    assert message.headers["time"] == "42000"


def test_live_a_record_without_a_time_has_the_time_of_its_receipt() -> None:
    assert ingest().handle(received(WINDOWS), NOW)[0].headers["time"] == str(NOW - 7)


def test_a_configured_host_fills_the_gap_of_a_line_that_names_none() -> None:
    line = received(b"Invalid user test from 203.0.113.41 port 40100", source="gateway")
    message = ingest(hosts={"gateway": "gw-9"}).handle(line, NOW)[0]
    assert message.key == compose("acme", "GW-9")


def test_a_tenant_that_nobody_declared_is_refused() -> None:
    with pytest.raises(Rejected, match="unheard-of"):
        ingest().handle(received(WINDOWS, tenant="unheard-of"), NOW)


def test_tenants_without_a_key_do_not_share_ids() -> None:
    one, other = (
        ingest().handle(received(WINDOWS, tenant=name, position="p"), NOW)[0].headers["uid"]
        for name in ("acme", "plain")
    )
    assert one != other


def test_each_second_is_told_once_it_has_passed() -> None:
    service = ingest()
    service.handle(received(WINDOWS), NOW)
    service.handle(received(b'{"nothing":"known"}'), NOW + 100)
    with pytest.raises(Rejected):
        service.handle(received(b"{"), NOW + 200)
    outputs = service.handle(received(WINDOWS), NOW + 1000)
    told = [Measure.model_validate_json(message.value) for message in outputs if message.topic == "measures"]
    assert [(one.subject, one.name, one.count, one.second) for one in told] == [
        ("auto", "dead_letters", 1, NOW // 1000),
        ("unknown", "base", 1, NOW // 1000),
        ("windows_event_json", "normalized", 2, NOW // 1000),
    ]
    assert len(service.handle(received(WINDOWS), NOW + 1001)) == 1
