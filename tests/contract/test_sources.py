"""Every log source keeps the contract: its examples come out as they say, and garbage is refused, never a crash."""

import random
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from runtime.errors import Rejected
from services.ingest.adapters import load_sources
from services.ingest.core import Context, Normalized, Normalizer
from services.ingest.ports import AUTO, Example, Hints, Source
from tests.contract.ingest.ocsf_schema import faults_of

SOURCES = load_sources()
EXAMPLES = [(source, example) for source in SOURCES for example in source.examples]
IDS = [f"{source.name}-{example.kind}" for source, example in EXAMPLES]
GARBAGE = (
    b"", b" ", b"\x00", b"\xff\xfe\xfd", b"{", b"}", b"[", b"null", b"[]", b"{}", b'"text"', b"12", b'{"a":1}', b"{" * 2000,
    b"[" * 100_000, b'{"EventID":4624}', b'{"EventID":{"x":[]},"Channel":7}', b'{"Event":{"System":[]}}', b'{"Event":7}',
    b'{"eventName":[],"eventSource":{}}', b'{"ts":"x","uid":null}', b"<34>1 - - - - - -", b"<999>Feb 31 25:61:61 h p: m",
    b"Invalid user  from ", b'{"a":1e400}', b'{"EventID":1,"Channel":"x","UtcTime":[1]}', "ü".encode("latin-1"),
)  # fmt: skip


def made(source: str, record: bytes, hints: Hints, position: str = "place:1") -> Normalized:
    return Normalizer(SOURCES).normalize(record, Context("acme", b"key", source, position, hints))


def at(event: dict[str, Any], path: str) -> Any:
    value: Any = event
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value.get(step)
    return value


def test_there_are_sources_and_each_has_examples() -> None:
    assert {"windows_event_json", "windows_evtx", "aws_cloudtrail", "sshd_syslog", "zeek", "json_mapping"} <= {
        source.name for source in SOURCES
    }
    assert all(source.examples for source in SOURCES)


@pytest.mark.parametrize(("source", "example"), EXAMPLES, ids=IDS)
def test_an_example_becomes_what_it_says(source: Source, example: Example) -> None:
    normalized = made(source.name, example.record, example.hints)
    event = orjson.loads(normalized.value)
    assert (normalized.headers.kind, event["class_uid"]) == (example.kind, example.class_uid)
    assert event["time"] == normalized.headers.time == example.time
    assert {path: at(event, path) for path in example.expected} == dict(example.expected)
    assert {name: event["unmapped"].get(name) for name in example.native} == dict(example.native)
    assert normalized.mapped == (example.class_uid != 0)


@pytest.mark.parametrize(("source", "example"), EXAMPLES, ids=IDS)
def test_an_example_is_a_valid_event(source: Source, example: Example) -> None:
    assert faults_of(orjson.loads(made(source.name, example.record, example.hints).value)) == []


@pytest.mark.parametrize(("source", "example"), EXAMPLES, ids=IDS)
def test_the_headers_delimit_the_native_object(source: Source, example: Example) -> None:
    normalized = made(source.name, example.record, example.hints)
    native = normalized.headers.native(normalized.value)
    assert orjson.loads(native) == orjson.loads(normalized.value)["unmapped"]
    assert normalized.value.endswith(native + b"}")


@pytest.mark.parametrize(("source", "example"), EXAMPLES, ids=IDS)
def test_twice_the_same_record_is_the_same_event(source: Source, example: Example) -> None:
    once, again = (made(source.name, example.record, example.hints) for _ in range(2))
    elsewhere = made(source.name, example.record, example.hints, position="place:2")
    assert (once.value, once.headers) == (again.value, again.headers)
    assert elsewhere.headers.uid != once.headers.uid


@pytest.mark.parametrize(
    ("source", "example"),
    [(s, e) for s, e in EXAMPLES if s.name != "json_mapping"],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_content_alone_tells_the_source(source: Source, example: Example) -> None:
    assert made(AUTO, example.record, example.hints).headers.source == source.name


@pytest.mark.parametrize("source", [*SOURCES, None], ids=lambda source: source.name if source else AUTO)
def test_garbage_is_an_event_or_refused(source: Source | None) -> None:
    name = source.name if source else AUTO
    for record in (*GARBAGE, *_mutilated(name)):
        try:
            event = orjson.loads(made(name, record, Hints(at=1_700_000_000_000)).value)
        except Rejected:
            continue
        assert faults_of(event) == []


def _mutilated(name: str) -> Iterator[bytes]:
    """Examples with a byte lost, doubled or changed."""
    dice = random.Random(7)
    for _, example in EXAMPLES:
        for _ in range(20):
            record = bytearray(example.record)
            place = dice.randrange(len(record))
            record[place : place + 1] = dice.choice((b"", record[place : place + 1] * 2, bytes([dice.randrange(256)])))
            yield bytes(record)


@pytest.mark.parametrize(
    "record",
    [b'{"event":{"EventID":1,"Channel":"x"}}', b'{"Event":{"System":7}}', b'{"a":{"eventSource":1,"eventName":2}}'],
)
def test_what_only_looks_like_a_source_is_still_an_event(record: bytes) -> None:
    normalized = made(AUTO, record, Hints())
    assert (normalized.headers.source, normalized.mapped) == ("unknown", False)
    assert normalized.headers.native(normalized.value) == record


def test_a_row_that_does_not_fit_its_table_is_refused() -> None:
    hints = Hints(preamble="#separator \\x09\n#path\tconn\n#fields\tts\tuid")
    with pytest.raises(Rejected, match="3 columns under a header of 2"):
        made(AUTO, b"1.5\tC1\tmore", hints)


def test_equal_keys_read_alike_everywhere_the_last_one_holds() -> None:
    record = b'{"EventID":4625,"Channel":"Security","Computer":"A","EventID":4624,"TargetUserName":"x","Computer":"B"}'
    normalized = made(AUTO, record, Hints())
    event = orjson.loads(normalized.value)
    assert normalized.headers.kind == "security/4624"
    assert normalized.headers.native(normalized.value) == record
    assert (event["unmapped"]["EventID"], event["device"]["hostname"]) == (4624, "B")
