"""The AsyncAPI document: sound by the rules of version 3.0, complete, and true to what the services send."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import pytest

from runtime.log import Message
from schemas import publish
from schemas.asyncapi import EVERYWHERE, HEADERS, channel_of
from schemas.event import EventHeaders, LogSource
from schemas.tenant import RecordDefaults
from schemas.topics import RECORDS, TOPICS
from services.ingest.labels import label_of
from services.ingest.ports import MAPPED
from services.ingest.stream import TIME_QUALITY

DOCUMENT: dict[str, Any] = json.loads((publish.PUBLISHED / "asyncapi.json").read_text())
CHANNELS: dict[str, Any] = DOCUMENT["channels"]
PUBLIC = [topic for topic in TOPICS.values() if topic.public]

# what the specification, version 3.0.0, allows at each place; more only as x-...
FIELDS = {
    "document": {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"},
    "info": {"title", "version", "description", "termsOfService", "contact", "license", "tags", "externalDocs"},
    "channel": {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs", "bindings"},
    "message": {"headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags",
                "externalDocs", "bindings", "examples", "traits"},
    "operation": {"action", "channel", "title", "summary", "description", "security", "tags", "externalDocs", "bindings", "traits",
                  "messages", "reply"},
    "parameter": {"enum", "default", "description", "examples", "location"},
}  # fmt: skip


def unknown(kind: str, node: Mapping[str, Any]) -> list[str]:
    return [name for name in node if name not in FIELDS[kind] and not re.fullmatch(r"x-[\w.-]+", name)]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        for below in node.values():
            yield from references(below)
    elif isinstance(node, list):
        for below in node:
            yield from references(below)


def resolved(reference: str) -> Any:
    file, _, pointer = reference.partition("#")
    found = json.loads((publish.PUBLISHED / file).read_text()) if file else DOCUMENT
    for step in pointer.split("/")[1:]:
        found = found[unquote(step).replace("~1", "/").replace("~0", "~")]
    return found


def test_it_has_what_the_specification_requires_and_nothing_that_it_does_not_know() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert unknown("document", DOCUMENT) == unknown("info", DOCUMENT["info"]) == []


@pytest.mark.parametrize("reference", sorted(set(references(DOCUMENT))))
def test_every_reference_leads_somewhere(reference: str) -> None:
    assert re.fullmatch(r"[\w./#~%-]+", reference), "not a URI reference"
    assert resolved(reference)


@pytest.mark.parametrize("name", CHANNELS)
class TestEachChannel:
    def test_is_well_formed(self, name: str) -> None:
        channel = CHANNELS[name]
        assert unknown("channel", channel) == []
        wanted = set(re.findall(r"\{(\w+)\}", channel["address"]))
        assert wanted == channel.get("parameters", {}).keys()
        assert [unknown("parameter", one) for one in channel.get("parameters", {}).values()] == [[]] * len(wanted)

    def test_says_key_headers_and_content_type(self, name: str) -> None:
        (message,) = CHANNELS[name]["messages"].values()
        assert unknown("message", message) == []
        assert message["contentType"]
        assert message["bindings"]["kafka"]["key"]["description"]
        headers = jsonschema_rs.validator_for(message["headers"])
        assert headers.is_valid(dict.fromkeys(HEADERS.get(name, {}), ""))
        assert EVERYWHERE.keys() <= message["headers"]["properties"].keys()
        assert not headers.is_valid({}) or name not in HEADERS

    def test_carries_json_of_a_schema_or_says_that_it_carries_bytes(self, name: str) -> None:
        (message,) = CHANNELS[name]["messages"].values()
        if message["contentType"] == "application/json":
            assert message["payload"]["schemaFormat"].startswith("application/schema+json")
            jsonschema_rs.validator_for(resolved(message["payload"]["schema"]["$ref"]))
        else:
            assert name == channel_of(RECORDS)


def test_every_public_topic_is_a_channel_and_no_other() -> None:
    assert sorted(CHANNELS) == sorted(channel_of(topic) for topic in PUBLIC)


def test_every_writer_and_reader_is_an_operation_on_its_channel() -> None:
    operations = DOCUMENT["operations"]
    assert [unknown("operation", one) for one in operations.values()] == [[]] * len(operations)
    for name, operation in operations.items():
        assert re.fullmatch(r"[\w.-]+", name)
        assert operation["action"] in {"send", "receive"}
        assert all(one["$ref"].startswith(operation["channel"]["$ref"]) for one in operation["messages"])
    expected = {f"{who}-writes-{channel_of(topic)}" for topic in PUBLIC for who in topic.producers}
    expected |= {f"{who}-reads-{channel_of(topic)}" for topic in PUBLIC for who in topic.consumers}
    others = {"other-tools-writes-records", "other-tools-writes-decisions", "other-tools-writes-modes"}
    assert operations.keys() == expected | others


def test_an_event_carries_exactly_the_headers_that_are_described() -> None:
    headers = EventHeaders("uid", "s", LogSource(), "k", 1, 0, 2).as_headers()
    assert {*headers, MAPPED, TIME_QUALITY} == HEADERS["events"].keys()


def test_a_record_carries_no_header_that_is_not_described() -> None:
    every = {"source": "s", "content-type": "text/plain", "content-encoding": "", "host": "h", "received": "1"}
    label = label_of(every, "", 1, RecordDefaults(), ())
    message = Message("records.acme", "acme", "s", b"", label.headers("p", "#separator"))
    (channel,) = CHANNELS["records"]["messages"].values()
    assert message.headers.keys() <= channel["headers"]["properties"].keys()
    assert every.keys() <= channel["headers"]["properties"].keys()
