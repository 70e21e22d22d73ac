"""The services meet on declared topics only, and a ledger service's topics lie in the same partitions."""

import ast
from pathlib import Path

import pytest

from schemas import topics
from schemas.topics import LEDGER_SERVICES, TOPICS, Topic
from tests.architecture.tree import PROCESSES, below, imported, parsed

CONSTANTS = {name: value for name, value in vars(topics).items() if isinstance(value, Topic)}
OTHER_WAYS = {"RECORDS_PREFIX": topics.RECORDS, "records_of": topics.RECORDS}
BY_RUNTIME = {"dead-letters"}


def used(paths: list[Path]) -> set[str]:
    """Names of the topics that the files import from the declaration."""
    known = {**CONSTANTS, **OTHER_WAYS}
    names = {name.removeprefix("schemas.topics.") for path in paths for name in imported(parsed(path))}
    return {known[name].name for name in names if name in known}


@pytest.mark.parametrize(("service", "folder"), PROCESSES.items())
def test_a_service_uses_only_topics_that_name_it(service: str, folder: str) -> None:
    undeclared = [name for name in used(below(folder)) if not names(TOPICS[name], service)]
    assert undeclared == []


@pytest.mark.parametrize(("service", "folder"), PROCESSES.items())
def test_a_service_uses_every_topic_that_names_it(service: str, folder: str) -> None:
    declared = {topic.name for topic in TOPICS.values() if names(topic, service)} - BY_RUNTIME
    assert sorted(declared - used(below(folder))) == []


def test_the_door_uses_only_topics_that_name_it() -> None:
    assert [
        name for name in used(below("stanch")) if not names(TOPICS[name], "stanch") and name not in THE_DOORS_VIEW
    ] == []


THE_DOORS_VIEW = {"records.<tenant>", "findings", "incidents", "events", "facts"}
"""What the door reads or writes for a replay and its report, not as a service."""


@pytest.mark.parametrize("service", LEDGER_SERVICES)
def test_everything_that_a_ledger_service_touches_is_partitioned_by_tenant(service: str) -> None:
    touched = [topic for topic in TOPICS.values() if names(topic, service)]
    assert touched
    assert [topic.name for topic in touched if topic.partition_by != "tenant" and topic.name != "modes"] == []


def test_every_topic_is_written_and_every_name_is_a_process() -> None:
    processes = {*PROCESSES, "stanch"}
    for topic in TOPICS.values():
        assert topic.producers, f"nobody writes {topic.name}"
        assert {*topic.producers, *topic.consumers} <= processes


def test_no_service_spells_a_topic_out() -> None:
    spelled = [
        f"{path.name}:{node.lineno} {node.value}"
        for folder in PROCESSES.values()
        for path in below(folder)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and node.value in LEDGERS
    ]
    assert spelled == []


LEDGERS = {topic.name for topic in TOPICS.values() if not topic.public}


def names(topic: Topic, service: str) -> bool:
    return service in topic.producers or service in topic.consumers
