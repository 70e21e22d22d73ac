"""Publishes the contracts for those who do not read Python: ``python -m schemas.publish [--check]``.

Writes schemas/published/: one JSON Schema (draft 2020-12) per topic and document, and an AsyncAPI 3 description of all topics.
``--check`` writes nothing and fails when a file is out of date.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel

from schemas.command import Command, Response
from schemas.fact import Fact
from schemas.ocsf.classes import VERSION, OcsfClass
from schemas.replay import ReplayReport
from schemas.tenant import Tenant
from schemas.topics import EVENTS, FACTS, TOPICS, Topic

HERE = Path(__file__).parent
PUBLISHED = HERE / "published"
EXAMPLES = HERE / "examples"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def published() -> Mapping[str, str]:
    """Return every file by its name, as it must be."""
    files = {f"{name}.json": schema for name, schema in schemas().items()}
    return {name: _text(content) for name, content in {**files, "asyncapi.json": asyncapi()}.items()}


def schemas() -> Mapping[str, Schema]:
    """Return the JSON Schema of every public topic that carries JSON of ours, and of our documents."""
    of_topics = {topic.name: found for topic in TOPICS.values() if (found := schema_of(topic))}
    documents: dict[str, type[BaseModel]] = {
        "command": Command,
        "response": Response,
        "replay-report": ReplayReport,
        "tenant": Tenant,
    }
    return {**of_topics, **{name: _of_model(model) for name, model in documents.items()}}


def schema_of(topic: Topic) -> Schema | None:
    """Return the schema of what ``topic`` carries; None where that is not ours to say (records, ledgers)."""
    if topic is EVENTS:
        return _of_event()
    if topic is FACTS:
        return {"$schema": DIALECT, **msgspec.json.schema(Fact)}
    return _of_model(topic.model) if topic.model else None


def asyncapi() -> Schema:
    """Return the AsyncAPI 3 description: each topic, who writes it, who reads it."""
    public = [topic for topic in TOPICS.values() if topic.public]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stanch",
            "version": "1",
            "description": "The topics on which the services meet. Every message is keyed; delivery is at least once.",
        },
        "channels": {topic.name: _channel(topic) for topic in public},
        "operations": dict(operation for topic in public for operation in _operations(topic)),
    }


def stale() -> list[str]:
    """Return the names of the published files that are missing, out of date or left over."""
    wanted = published()
    found = {path.name: path.read_text() for path in PUBLISHED.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write() -> None:
    """Bring schemas/published up to date."""
    PUBLISHED.mkdir(exist_ok=True)
    wanted = published()
    for path in PUBLISHED.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (PUBLISHED / name).write_text(text)


def main(arguments: list[str]) -> int:
    """Write, or check with ``--check``; return the exit status."""
    if arguments == ["--check"]:
        old = stale()
        sys.stderr.writelines(f"schemas/published/{name} is out of date: python -m schemas.publish\n" for name in old)
        return 1 if old else 0
    write()
    return 0


def _of_model(model: type[BaseModel]) -> Schema:
    return {"$schema": DIALECT, **model.model_json_schema(by_alias=True)}


def _of_event() -> Schema:
    """Return what every event has; the rest is OCSF's, by class, and checked against its compiled schema in the tests."""
    number = {"type": "integer"}
    properties: Schema = {
        "category_uid": number,
        "class_uid": {"type": "integer", "enum": sorted(OcsfClass)},
        "activity_id": number,
        "type_uid": {"type": "integer", "description": "class_uid * 100 + activity_id"},
        "severity_id": {"type": "integer", "minimum": 0, "maximum": 99},
        "time": {"type": "integer", "description": "event time, epoch milliseconds"},
        "metadata": {
            "type": "object",
            "required": ["version", "product"],
            "properties": {"version": {"const": VERSION}},
        },
        "unmapped": {"type": "object", "description": "the native object as the source wrote it"},
    }
    return {
        "$schema": DIALECT,
        "title": "Event",
        "description": f"One OCSF {VERSION} event; its class says which further attributes it has.",
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
    }


def _channel(topic: Topic) -> Schema:
    payload = {"$ref": f"./{topic.name}.json"} if schema_of(topic) else {"description": "bytes exactly as received"}
    parameters = {"parameters": {"tenant": {"description": "slug of the tenant"}}} if "<tenant>" in topic.name else {}
    return {
        "address": topic.name.replace("<tenant>", "{tenant}"),
        "description": topic.what,
        "messages": {"message": {"payload": payload}},
        "x-key": topic.key,
        "x-partition-by": topic.partition_by,
        "x-retention": topic.retention,
        **parameters,
    }


def _operations(topic: Topic) -> list[tuple[str, Schema]]:
    channel = {"$ref": f"#/channels/{topic.name.replace('~', '~0').replace('/', '~1')}"}
    writes = [(f"{name} writes {topic.name}", {"action": "send", "channel": channel}) for name in topic.producers]
    reads = [(f"{name} reads {topic.name}", {"action": "receive", "channel": channel}) for name in topic.consumers]
    return [*writes, *reads]


def _text(content: Schema) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
