"""Producers and consumers meet on the same examples: each validates against the published schema and its model."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from schemas import fact, publish
from schemas.topics import TOPICS, Topic

RECORDS = "records"
"""Bytes as received: they have no schema; ingest's own tests read them."""

FILES = sorted(path for path in publish.EXAMPLES.glob("*.json") if path.stem != RECORDS)
PUBLIC = [topic.name for topic in TOPICS.values() if publish.schema_of(topic)]


def read(path: Path) -> list[Any]:
    messages: list[Any] = json.loads(path.read_text())
    return [message["event"] for message in messages] if path.stem == "events" else messages


def round_trip(topic: Topic, message: Any) -> Any:
    """What a reader makes of the message, as it would write it."""
    text = json.dumps(message).encode()
    if topic.model is None:
        return msgspec.to_builtins(fact.decode(text)) if topic.name == "facts" else message
    return json.loads(topic.model.model_validate_json(text).model_dump_json(by_alias=True, exclude_unset=True))


def test_the_published_schemas_are_up_to_date() -> None:
    assert publish.stale() == [], "run: python -m schemas.publish"


def test_every_public_topic_has_examples() -> None:
    assert sorted(PUBLIC) == [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestExamplesOf:
    def test_a_topic_that_is_declared_as_an_array_of_messages(self, path: Path) -> None:
        assert path.stem in PUBLIC
        messages = read(path)
        assert isinstance(messages, list)
        assert messages

    def test_validate_against_the_published_schema(self, path: Path) -> None:
        schema = json.loads((publish.PUBLISHED / path.name).read_text())
        validator = jsonschema_rs.validator_for(schema)
        for message in read(path):
            assert [error.message for error in validator.iter_errors(message)] == []

    def test_are_understood_by_the_model_and_lose_nothing(self, path: Path) -> None:
        for message in read(path):
            assert round_trip(TOPICS[path.stem], message) == message

    def test_an_unknown_field_is_refused(self, path: Path) -> None:
        topic = TOPICS[path.stem]
        if topic.model is None:
            return
        with pytest.raises(ValueError, match="Extra inputs"):
            topic.model.model_validate({**read(path)[0], "surprise": 1})
