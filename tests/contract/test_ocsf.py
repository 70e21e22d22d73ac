"""What ingest knows of OCSF is what the compiled schema says; events of real recordings are valid."""

from collections import Counter
from typing import Any

import orjson
import pytest
from ocsf_json_schema import get_ocsf_schema

from schemas.identity import REPLAY_KEY
from schemas.ocsf.classes import ONE_OF, REQUIRED, VERSION, OcsfClass, category_of, head_of
from services.ingest.__main__ import normalizer
from services.ingest.core import Context
from services.ingest.receivers.files import read_records
from tests.contract.ingest.ocsf_schema import faults_of
from tests.real_data import real_data

SCHEMA = get_ocsf_schema(VERSION)
BASE = set(SCHEMA["classes"]["base_event"]["attributes"]) - {"device", "actor", "api"}
CLASSES = {definition["uid"]: definition for definition in SCHEMA["classes"].values()}
OF_EACH_KIND = 25


@pytest.mark.parametrize("class_uid", OcsfClass, ids=lambda one: one.name)
def test_required_fields_are_those_of_the_schema(class_uid: OcsfClass) -> None:
    attributes = CLASSES[class_uid]["attributes"]
    required = {
        name
        for name, attribute in attributes.items()
        if attribute.get("requirement") == "required" and not attribute.get("profiles") and name not in BASE
    }
    either: Any = CLASSES[class_uid].get("constraints") or {}
    assert set(REQUIRED[class_uid]) == required
    assert set(ONE_OF.get(class_uid, ())) <= {*either.get("at_least_one", ()), *either.get("just_one", ())}
    assert bool(either) == (class_uid in ONE_OF)


@pytest.mark.parametrize("class_uid", OcsfClass, ids=lambda one: one.name)
def test_a_head_names_its_class_as_the_schema_does(class_uid: OcsfClass) -> None:
    head = head_of(class_uid, 0)
    assert head["category_uid"] == category_of(class_uid) == CLASSES[class_uid].get("category_uid", 0) % 100
    assert head["type_uid"] == class_uid * 100


def test_the_judge_refuses_what_is_wrong() -> None:
    event = head_of(OcsfClass.PROCESS, 1) | {"time": 1, "metadata": {"version": VERSION, "product": {"name": "x"}}}
    assert faults_of(event)
    event |= {"actor": {"user": {"name": "x"}}, "device": {"type_id": 0, "hostname": "h"}, "process": {"pid": 4}}
    assert faults_of(event) == []
    assert faults_of(event | {"process": {"pid": "4"}})
    assert faults_of(event | {"made_up": 1})


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize(
    "recording",
    [
        "scenarios/otrf",
        "scenarios/stratus",
        "sigma/regression_data",
        "logs",
        "corpora/windows-mixed-train-20k.ndjson.zst",
    ],
)
def test_events_of_recordings_are_valid(recording: str) -> None:
    normalize, seen = normalizer().normalize, Counter[str]()
    faults: Counter[tuple[str, str]] = Counter()
    for raw in read_records([real_data(*recording.split("/"))]):
        made = normalize(raw.record, Context("acme", REPLAY_KEY, raw.source, raw.position, raw.hints))
        seen[made.headers.kind] += 1
        if seen[made.headers.kind] <= OF_EACH_KIND:
            faults.update((made.headers.kind, fault) for fault in faults_of(orjson.loads(made.value)))
    assert seen
    assert not faults
