"""What other tools publish to ``records.<tenant>``: labels, packed messages, many records in one, and what is refused."""

import gzip
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import Oversize, Rejected
from runtime.log import MAX_RECORD_BYTES, Message, Received
from schemas.identity import event_uid
from schemas.tenant import Tenant
from services.ingest.__main__ import normalizer
from services.ingest.published import MAX_RECORDS, MAX_UNPACKED_BYTES
from services.ingest.stream import Ingest

NOW = 1_709_640_000_500
TENANTS = {
    "acme": Tenant.model_validate({"slug": "acme", "key": "a secret of acme"}),
    "lines": Tenant.model_validate({"slug": "lines", "records": {"source": "gateway", "content_type": "text/plain"}}),
    "other": Tenant(slug="other"),
}
NORMALIZER = normalizer()
INGEST = Ingest(NORMALIZER, TENANTS, {})
LINE = b"Mar  5 12:00:00 gw-9 sshd[812]: Failed password for root from 203.0.113.41 port 40100 ssh2"


def received(value: bytes, tenant: str = "acme", key: str = "", offset: int = 3, **headers: str) -> Received:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Received(f"records.{tenant}", 1, offset, tenant, key, value, named, at=NOW - 7)


def handled(value: bytes, **more: Any) -> Sequence[Message]:
    return [one for one in INGEST.handle(received(value, **more), NOW) if one.topic != "measures"]


def followed(value: bytes, **more: Any) -> list[Message]:
    """What becomes of a message in the end, with those of its records that go back to the topic."""
    found: list[Message] = []
    for output in handled(value, **more):
        if output.topic == "events":
            found.append(output)
        else:
            back = Received(output.topic, 1, 90, output.tenant, output.key, output.value, output.headers, at=NOW + 5)
            found += [one for one in INGEST.handle(back, NOW + 5) if one.topic == "events"]
    return found


def native(message: Message) -> Any:
    return orjson.loads(message.value)["unmapped"]


class TestTheSource:
    def test_is_what_the_header_says(self) -> None:
        (event,) = handled(LINE, source="sshd_syslog", key="zeek")
        assert event.headers["source"] == "sshd_syslog"

    def test_may_be_a_streams_own_name_and_the_content_decides(self) -> None:
        (event,) = handled(LINE, source="gateway")
        assert event.headers["source"] == "sshd_syslog"
        assert event.headers["uid"] == event_uid(b"a secret of acme", "gateway", "records.acme-1-3", LINE)

    def test_is_the_configurations_where_no_header_names_one(self) -> None:
        (event,) = handled(LINE, tenant="lines")
        assert event.headers["uid"] == event_uid(b"lines", "gateway", "records.lines-1-3", LINE)

    def test_is_a_key_that_is_the_name_of_a_known_one(self) -> None:
        assert handled(LINE, key="sshd_syslog")[0].headers["uid"] == event_uid(
            b"a secret of acme", "sshd_syslog", "records.acme-1-3", LINE
        )

    def test_is_found_by_content_whatever_else_the_key_says(self) -> None:
        one, other = (handled(LINE, key=key)[0].headers for key in ("host-1", "\ufffd\x00"))
        assert one == other
        assert one["source"] == "sshd_syslog"

    @pytest.mark.parametrize("source", ["a b", "x" * 65, "../x", "\x1b[2J", "sshd\n"])
    def test_that_is_no_name_is_refused(self, source: str) -> None:
        with pytest.raises(Rejected, match="a source's name has up to 64"):
            handled(LINE, source=source)

    def test_in_a_header_does_not_choose_the_tenant(self) -> None:
        (event,) = handled(b'{"tenant":"other"}', tenant="acme", tenant_uid="other")
        foreign = INGEST.handle(Received("records.acme", 0, 1, "acme", "", b"{}", {"tenant": "other"}, at=NOW), NOW)
        assert {event.tenant, foreign[0].tenant} == {"acme"}
        assert orjson.loads(event.value)["metadata"]["tenant_uid"] == "acme"


class TestTheHost:
    def test_of_the_header_fills_the_gap_of_a_line_that_names_none(self) -> None:
        (event,) = handled(b"Invalid user test from 203.0.113.41 port 40100", host="gw-9", source="sshd_syslog")
        assert event.key.endswith("GW-9")

    def test_is_bounded(self) -> None:
        with pytest.raises(Rejected, match="header host is longer"):
            handled(LINE, host="x" * 256)


class TestOneRecord:
    @pytest.mark.parametrize(
        "value",
        [
            b'{"a":1}',
            b'{"a":"}{"}',
            b"a line",
            b"two\nlines of one record",
            b"123",
            '{"a":"é"}'.encode(),
            b"[1] a line",
        ],
    )
    def test_becomes_one_event_at_once(self, value: bytes) -> None:
        (event,) = handled(value)
        assert (event.topic, event.headers["mapped"]) == ("events", "0")

    def test_keeps_its_lines_where_nobody_says_that_it_is_many(self) -> None:
        (event,) = handled(b"Exception in main\n  at a\n  at b")
        assert native(event) == {"message": "Exception in main\n  at a\n  at b"}

    def test_that_names_its_position_is_never_taken_apart(self) -> None:
        (event,) = handled(b'{"a":1}\n{"b":2}'[:7], position="p", content_type="application/x-ndjson")
        assert event.topic == "events"
        (text,) = handled(b"one\ntwo", position="p", content_type="text/plain")
        assert text.topic == "events"

    @pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
    def test_may_be_packed(self, encoding: str, pack: Any) -> None:
        (event,) = handled(pack(LINE), content_encoding=encoding)
        assert event.headers["uid"] == handled(LINE)[0].headers["uid"]


class TestManyRecords:
    @pytest.mark.parametrize(
        ("value", "headers"),
        [
            (b'{"a":1}\n{"a":2}\r\n{"a":3}\n', {}),
            (b'{"a":1}\n{"a":2}\n{"a":3}', {"content_type": "application/x-ndjson"}),
            (b'[{"a":1},{"a":2},{"a":3}]', {"content_type": "application/json; charset=utf-8"}),
            (b'{"Records":[{"a":1},{"a":2},{"a":3}]}', {}),
            (b'{"a":1}{"a":2}{"a":3}', {"content_type": "application/vnd.acme+json"}),
            (gzip.compress(b'{"a":1}\n{"a":2}\n{"a":3}', mtime=0), {"content_encoding": "gzip"}),
            (zstandard.compress(b'{"a":1}\n{"a":2}\n{"a":3}'), {"content_encoding": "zstd", "content_type": "application/jsonl"}),
        ],
    )  # fmt: skip
    def test_become_an_event_each_with_a_position_of_its_own(self, value: bytes, headers: dict[str, str]) -> None:
        back = handled(value, **headers)
        assert {message.topic for message in back} == {"records.acme"}
        assert [message.headers["position"] for message in back] == [
            f"records.acme-1-3:{number}" for number in range(3)
        ]
        events = followed(value, **headers)
        assert [native(event) for event in events] == [{"a": 1}, {"a": 2}, {"a": 3}]
        assert len({event.headers["uid"] for event in events}) == 3

    def test_of_text_are_its_lines(self) -> None:
        events = followed(LINE + b"\n\n" + LINE.replace(b"root", b"jo") + b"\n", content_type="text/plain")
        assert [event.headers["source"] for event in events] == ["sshd_syslog"] * 2

    def test_of_text_are_its_lines_where_the_configuration_says_text(self) -> None:
        assert len(followed(b"one\ntwo\n", tenant="lines")) == 2

    def test_keep_source_host_and_the_time_of_receipt(self) -> None:
        back = handled(b"one\ntwo", content_type="text/plain", source="gateway", host="gw-9")
        assert {(one.headers["source"], one.headers["host"], one.key) for one in back} == {
            ("gateway", "gw-9", "gateway")
        }
        events = followed(b"one\ntwo", content_type="text/plain", host="gw-9")
        assert {event.headers["time"] for event in events} == {str(NOW - 7)}

    def test_have_the_same_ids_when_the_message_is_handled_again(self) -> None:
        first, again = ([one.headers["uid"] for one in followed(b'{"a":1}\n{"a":1}')] for _ in range(2))
        assert first == again
        assert len(set(first)) == 2

    def test_of_a_table_travel_with_its_header_lines(self) -> None:
        table = (
            b"#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n"
            b"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\n"
            b"1.5\tC1\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\n2.5\tC2\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\n"
        )
        assert [event.headers["source"] for event in followed(table)] == ["zeek", "zeek"]

    def test_fail_alone(self) -> None:
        back = handled(b'{"a":1}\n{"a":\n{"a":3}', content_type="application/x-ndjson")
        assert len(back) == 3
        fates: list[str] = []
        for one in back:
            try:
                INGEST.handle(Received(one.topic, 1, 9, "acme", one.key, one.value, one.headers, at=NOW), NOW)
                fates.append("event")
            except Rejected as error:
                fates.append(str(error)[:7])
        assert fates == ["event", "no JSON", "event"]

    def test_that_are_not_what_the_message_says_are_refused_one_by_one(self) -> None:
        with pytest.raises(Rejected, match="says that it is application/x-ndjson"):
            followed(b'{"a":1}\nhello', content_type="application/x-ndjson")


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("value", "headers", "reason"),
        [
            (b"", {}, "empty"),
            (b" \n", {"content_type": "text/plain"}, "empty"),
            (b"[]", {"content_type": "application/json"}, "holds no record"),
            (b"hello", {"content_type": "application/json"}, "says that it is application/json"),
            (b"\xff\xfe\x00", {}, "neither JSON nor UTF-8"),
            (b"nul \x00", {}, "NUL"),
            (b'{"a":', {}, "no JSON"),
            (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", {}, "deeper than 64"),
            (b'{"a":1e999}', {}, "no JSON"),
            (b"x" * (MAX_RECORD_BYTES + 1), {}, "larger than"),
            (b"x", {"content_encoding": "br"}, "'br' is not known; known are gzip, zstd, identity"),
            (b"no gzip", {"content_encoding": "gzip"}, "no valid gzip"),
            (zstandard.compress(LINE)[:-3], {"content_encoding": "zstd"}, "no valid zstd: it ends too early"),
            (zstandard.compress(b" " * (MAX_UNPACKED_BYTES + 1)), {"content_encoding": "zstd"}, "larger than 8388608"),
            (
                gzip.compress(b" " * (MAX_UNPACKED_BYTES + 1), mtime=0),
                {"content_encoding": "gzip"},
                "larger than 8388608",
            ),
            (b"{}\n" * (MAX_RECORDS + 1), {}, "more than 10000 records"),
            (LINE, {"position": "p" * 1025}, "header position is longer"),
        ],
    )
    def test_with_its_reason(self, value: bytes, headers: dict[str, str], reason: str) -> None:
        with pytest.raises(Rejected) as refused:
            handled(value, **headers)
        assert reason in str(refused.value)

    def test_one_record_that_is_too_large_among_many_fails_alone(self) -> None:
        back = handled(b'{"a":1}\n{"a":"' + b"x" * (3 * MAX_RECORD_BYTES) + b'"}')
        assert [len(one.value) for one in back] == [7, MAX_RECORD_BYTES + 1]

    def test_too_much_is_told_apart_from_nonsense(self) -> None:
        with pytest.raises(Oversize):
            handled(b"{}\n" * (MAX_RECORDS + 1))

    @settings(max_examples=200, deadline=None)
    @given(
        value=st.binary(max_size=200),
        headers=st.dictionaries(
            st.sampled_from(["source", "content_type", "content_encoding", "host", "position", "preamble", "received"]),
            st.sampled_from(["", "gzip", "zstd", "text/plain", "application/json", "1", "-1", "²"])
            | st.text(max_size=20),
        ),
        key=st.text(max_size=20),
    )
    def test_nothing_is_more_than_refused(self, value: bytes, headers: dict[str, str], key: str) -> None:
        with suppress(Rejected):
            assert followed(value, key=key, **headers)
