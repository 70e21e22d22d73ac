"""Publishes the contracts for those who do not read Python: ``python -m schemas.publish [--check | --release <version>]``.

Writes schemas/published/: one JSON Schema (draft 2020-12) per topic and document, and an AsyncAPI 3 description of all topics.
``--check`` writes nothing and fails when a file is out of date, or breaks the last release. ``--release <version>`` keeps what is
published as the schemas of that version, which later ones are held against.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel

from schemas.asyncapi import asyncapi
from schemas.command import Command, Response
from schemas.compatibility_gate import CURE, Refused, problems, release
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
    return {f"{name}.json": _text(content) for name, content in contents().items()}


def contents() -> Mapping[str, Schema]:
    """Return everything that is published, by name: the schemas, and the description of all topics."""
    found = {**schemas(), "asyncapi": asyncapi(schema_of)}
    return {name: json.loads(json.dumps(content)) for name, content in found.items()}


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
    """Write, check with ``--check``, or keep as released with ``--release``; return the exit status."""
    match arguments:
        case ["--check"]:
            return _check()
        case ["--release", version]:
            return _release(version)
        case []:
            write()
            return 0
    sys.stderr.write("python -m schemas.publish [--check | --release <version>]\n")
    return 2


def _check() -> int:
    old, broken = stale(), problems(contents())
    sys.stderr.writelines(f"schemas/published/{name} is out of date: python -m schemas.publish\n" for name in old)
    sys.stderr.writelines(f"{problem}\n" for problem in broken)
    if broken:
        sys.stderr.write(CURE)
    return 1 if old or broken else 0


def _release(version: str) -> int:
    try:
        release(version, contents())
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 1
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


def _text(content: Schema) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
