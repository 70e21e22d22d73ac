"""From an event on the topic to the findings on it."""

from typing import Any

import orjson
import pytest

from runtime.errors import Rejected
from runtime.log import Received
from schemas.event import EventHeaders, LogSource
from schemas.finding import Finding
from schemas.measure import Measure
from services.detect.match.core.findings import finding
from services.detect.match.core.writing import FindingWriter
from services.detect.match.stream import Matcher
from tests.unit.match.sigma_rules import UID, compiled, engine, headers, matches, rule_text

RULE = rule_text(
    {"sel": {"Image|endswith": r"\a.exe", "Args|contains": ["x", "y"]}, "condition": "sel"},
    {"product": "windows", "service": "system"},
    level="high",
    tags=["attack.execution", "attack.defense_evasion", "attack.t1059.001", "attack.g0016", "car.2013-01-001"],
    anchor="script",
    stage="contain",
)
NATIVE = {"Image": r"C:\A.EXE", "Args": ["-x", "-z"], "Other": {"deep": None}}


def _event(event: object, kind: str = "system/1", value: bytes | None = None, **changes: str) -> Received:
    raw = orjson.dumps(event)
    whole = b'{"class_uid":1007,"unmapped":' + raw + b"}"
    head = EventHeaders("event-7", "windows", LogSource("windows", "", ""), kind, 1_700_000_000_000, 29, len(raw))
    return Received("events", 0, 7, "acme", "k", whole if value is None else value, {**head.as_headers(), **changes}, 5)


def _findings(received: Received, *texts: str) -> list[Finding]:
    outputs = Matcher(engine(*(texts or (RULE,)))).handle(received, 9)
    return [Finding.model_validate_json(message.value) for message in outputs]


def test_a_finding_names_rule_event_fields_and_what_it_may_lead_to() -> None:
    (told,) = _findings(_event(NATIVE))
    detail, info = told.unmapped.stanch, told.finding_info
    assert (told.time, told.severity_id, told.metadata.tenant_uid) == (1_700_000_000_000, 4, "acme")
    assert info.analytic is not None
    assert (info.title, info.analytic.uid) == ("T", UID)
    assert (detail.level, detail.stage, detail.anchor) == ("high", "contain", "script")
    assert (detail.event_uid, detail.event_kind, detail.event_source) == ("event-7", "system/1", "windows")
    assert detail.matched == {"Image": r"C:\A.EXE", "Args": ["-x", "-z"]}
    assert told.evidences[0].data == NATIVE


def test_tactics_and_techniques_come_from_the_tags() -> None:
    (told,) = _findings(_event(NATIVE))
    assert told.unmapped.stanch.tactics == ("execution", "defense-evasion")
    named = [(attack.tactic or attack.technique) for attack in told.finding_info.attacks]
    assert [found.uid for found in named if found] == ["TA0002", "TA0005", "T1059.001"]


def test_the_same_event_and_rule_give_the_same_finding() -> None:
    first, again = _findings(_event(NATIVE)), _findings(_event(NATIVE))
    assert first == again
    other = rule_text({"sel": {"Image|contains": "a"}, "condition": "sel"}, {"product": "windows"}, id=UID[:-1] + "2")
    assert first[0].finding_info.uid != _findings(_event(NATIVE), other)[0].finding_info.uid


def test_a_finding_is_keyed_by_tenant_and_uid() -> None:
    (message,) = Matcher(engine(RULE)).handle(_event(NATIVE), 9)
    uid = Finding.model_validate_json(message.value).finding_info.uid
    assert (message.topic, message.tenant, message.key) == ("findings", "acme", f"4:acme|{len(uid)}:{uid}")


def test_an_event_that_concerns_no_rule_is_not_decoded() -> None:
    assert Matcher(engine(RULE)).handle(_event(NATIVE, kind="security/1", value=b"not json at all"), 9) == []


@pytest.mark.parametrize(
    "received",
    [
        _event(NATIVE, value=b'{"class_uid":1007,"unmapped":{broken'),
        _event([1, 2]),
        _event(NATIVE, native="x"),
        _event(NATIVE, time="yesterday"),
    ],
    ids=["broken", "no object", "no place", "no time"],
)
def test_what_is_no_event_is_rejected(received: Received) -> None:
    with pytest.raises(Rejected):
        Matcher(engine(RULE)).handle(received, 9)


def test_keywords_are_told_with_the_values_that_hold_them() -> None:
    (match,) = matches(
        rule_text({"keywords": ["evil"], "condition": "keywords"}), {"a": "Evil!", "b": "good", "c": ["evil"]}
    )
    assert match.matched == {"keywords": ["Evil!", "evil"]}


def test_only_what_held_is_told() -> None:
    text = rule_text({"a": {"x": 1}, "b": {"y": 1}, "c": {"z": 1}, "condition": "(a or b) and not c"})
    (match,) = matches(text, {"y": 1, "z": 2, "w": 3})
    assert match.matched == {"y": "1"}


def test_a_rule_of_another_version_has_another_digest() -> None:
    (before,), (after,) = compiled(RULE).rules, compiled(RULE.replace("high", "low")).rules
    assert before.uid == after.uid
    assert before.digest != after.digest


def test_hostile_depth_is_only_data() -> None:
    deep: object = "evil"
    for _ in range(900):
        deep = [deep]
    nested: dict[str, object] = {"f": deep}
    assert engine(rule_text({"keywords": ["evil"], "condition": "keywords"})).match(nested, headers())
    assert engine(rule_text({"sel": {"f": "evil"}, "condition": "sel"})).match(nested, headers())


def test_how_often_each_rule_fired_is_told_once_the_second_has_passed() -> None:
    matcher = Matcher(engine(RULE))
    told = [message for at in (100, 200, 1_500, 1_600, 3_000) for message in matcher.handle(_event(NATIVE), at)]
    measures = [Measure.model_validate_json(message.value) for message in told if message.topic == "measures"]
    assert [(measure.subject, measure.second, measure.count) for measure in measures] == [(UID, 0, 2), (UID, 1, 2)]


@pytest.mark.parametrize(
    "native", [NATIVE, {**NATIVE, "none": None, "inner": {"none": None, "list": [1.5, "\u00e9", True]}}]
)
def test_a_finding_is_written_as_its_model_would_write_it(native: dict[str, Any]) -> None:
    rule_engine, given = engine(RULE), headers("system/1", product="windows")
    (match,), writer = rule_engine.match(native, given), FindingWriter()
    for tenant in ("acme", "bolt"):
        model = finding(tenant, match, native, given)
        uid, written = writer.written(tenant, match, native, given)
        assert uid == model.finding_info.uid
        assert orjson.loads(written) == orjson.loads(model.model_dump_json(exclude_none=True))
        assert Finding.model_validate_json(written) == model
