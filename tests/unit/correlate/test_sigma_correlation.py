"""Correlation rules: what is counted, for whom, when, and what is concluded."""

from pathlib import Path

import pytest

from schemas.finding import Stage
from services.detect.correlate.sigma_correlation.correlator import LATENESS, Correlator
from services.detect.correlate.sigma_correlation.load import load_correlations
from services.detect.correlate.sigma_correlation.rule import Operator
from services.detect.correlate.sigma_correlation.window import MAX_ENTRIES
from tests.unit.sigma_correlations import T0, counting, found, told

A, B = {"src_ip": "198.51.100.9", "user": "root"}, {"src_ip": "198.51.100.10", "user": "root"}


def test_enough_events_within_the_timespan_are_one_conclusion() -> None:
    (conclusion,) = told([counting(("gte", 3))], [found(n, f"e{n}", A) for n in range(5)]).values()
    detail = conclusion.unmapped.stanch
    assert (detail.stage, detail.matched) == (Stage.CONTAIN, {"src_ip": "198.51.100.9"})
    assert (conclusion.time, conclusion.finding_info.first_seen_time) == (T0 + 2000, T0)
    assert conclusion.evidences[1].data["count"] == 3
    assert conclusion.evidences[0].data == A
    assert (detail.event_uid, detail.event_kind) == ("e2", "sshd/failed")


def test_too_few_are_none() -> None:
    assert not told([counting(("gte", 3))], [found(0, "e0", A), found(1, "e1", A)])


def test_the_same_event_counts_once() -> None:
    assert not told([counting(("gte", 2))], [found(0, "e0", A)] * 3)


def test_an_event_that_two_rules_found_counts_once() -> None:
    rule = counting(("gte", 2), rules=frozenset({"base", "other"}))
    assert not told([rule], [found(0, "e0", A), found(0, "e0", A, rule="other")])


def test_the_timespan_is_inclusive() -> None:
    assert told([counting(("gte", 2), seconds=60)], [found(0, "e0", A), found(60, "e1", A)])
    assert not told([counting(("gte", 2), seconds=60)], [found(0, "e0", A), found(60.001, "e1", A)])


def test_groups_are_counted_apart() -> None:
    mixed = [found(0, "a0", A), found(1, "b0", B), found(2, "a1", A), found(3, "b1", B)]
    assert not told([counting(("gte", 3))], mixed)
    assert len(told([counting(("gte", 2))], mixed)) == 2


def test_a_group_is_the_same_in_upper_and_lower_case() -> None:
    findings = [found(0, "e0", {"src_ip": "HOST.example"}), found(1, "e1", {"src_ip": "host.example"})]
    assert len(told([counting(("gte", 2))], findings)) == 1


def test_an_event_without_the_field_belongs_to_no_group() -> None:
    assert not told([counting(("gte", 1))], [found(0, "e0", {"user": "root"})])


def test_a_shipper_may_name_the_field_differently() -> None:
    (conclusion,) = told([counting(("gte", 1))], [found(0, "e0", {"source_ip": "198.51.100.9"})]).values()
    assert conclusion.unmapped.stanch.matched == {"src_ip": "198.51.100.9"}


def test_an_alias_names_the_field_of_each_rule() -> None:
    rule = counting(
        ("gte", 2),
        rules=frozenset({"base", "other"}),
        group_by=("who",),
        aliases={"who": {"base": "user", "other": "account.name"}},
    )
    findings = [found(0, "e0", {"user": "dana"}), found(1, "e1", {"account": {"name": "dana"}}, rule="other")]
    (conclusion,) = told([rule], findings).values()
    assert conclusion.unmapped.stanch.matched == {"who": "dana"}


def test_different_values_are_counted() -> None:
    rule = counting(("gte", 3), kind="value_count", counted=("user",))
    names = ["root", "admin", "root", "ROOT"]
    findings = [found(n, f"e{n}", {**A, "user": name}) for n, name in enumerate(names)]
    assert not told([rule], findings)
    assert told([rule], [*findings, found(9, "e9", {**A, "user": "test"})])


def test_values_that_left_the_window_count_no_more() -> None:
    rule = counting(("gte", 2), seconds=60, kind="value_count", counted=("user",))
    findings = [found(0, "e0", {**A, "user": "root"}), found(61, "e1", {**A, "user": "admin"})]
    assert not told([rule], findings)


def test_going_on_is_one_conclusion_per_stretch() -> None:
    findings = [found(n, f"e{n}", A) for n in range(0, 900, 10)]
    conclusions = told([counting(("gte", 5), seconds=300)], findings)
    assert 3 <= len(conclusions) <= 4


def test_an_earlier_window_that_turns_up_late_replaces_the_conclusion() -> None:
    findings = [found(n, f"e{n}", A) for n in (10, 11, 12)]
    before = told([counting(("gte", 3))], findings)
    after = told([counting(("gte", 3))], [*findings, found(9, "e9", A)])
    assert before.keys() == after.keys()
    assert [conclusion.time for conclusion in after.values()] == [T0 + 11_000]


LATER = found(1000, "z", B)


@pytest.mark.parametrize(
    ("operator", "number", "events", "expected"),
    [("lt", 3, 2, True), ("lt", 3, 3, False), ("lte", 3, 3, True), ("eq", 3, 3, True), ("eq", 3, 4, False),
     ("neq", 3, 2, True), ("neq", 3, 3, False), ("gt", 3, 3, False), ("gt", 3, 4, True)],
)  # fmt: skip
def test_every_comparison(operator: Operator, number: int, events: int, expected: bool) -> None:
    findings = [*(found(n, f"e{n}", A) for n in range(events)), LATER]
    conclusions = told([counting((operator, number))], findings)
    of_a = [one for one in conclusions.values() if one.unmapped.stanch.matched == {"src_ip": "198.51.100.9"}]
    assert bool(of_a) is expected


@pytest.mark.parametrize(("events", "expected"), [(1, 0), (2, 1), (4, 1), (5, 0)])
def test_a_range(events: int, expected: int) -> None:
    findings = [*(found(n, f"e{n}", A) for n in range(events)), LATER]
    assert len(told([counting(("gte", 2), ("lt", 5))], findings)) == expected


def test_what_more_events_could_make_false_waits_for_them() -> None:
    correlator = Correlator("acme", [counting(("lte", 3), seconds=60)])
    assert correlator.observe(found(0, "e0", A), T0) == ()
    assert correlator.observe(found(100, "e1", A), T0 + 100_000) == ()
    (conclusion,) = correlator.observe(found(181, "e2", A), T0 + 181_000)
    assert conclusion.evidences[1].data["count"] == 1


def test_conclusions_are_counted_by_other_rules() -> None:
    first = counting(("gte", 2), seconds=60)
    second = counting(("gte", 2), uid="c-2", seconds=3600, rules=frozenset({"c-1"}))
    findings = [found(n, f"e{n}", A) for n in (0, 1, 120, 121)]
    titles = [conclusion.finding_info.analytic for conclusion in told([first, second], findings).values()]
    assert sorted(analytic.uid for analytic in titles if analytic) == ["c-1", "c-1", "c-2"]


def test_what_comes_too_late_is_counted_as_late() -> None:
    correlator = Correlator("acme", [counting(("gte", 2))])
    correlator.observe(found(1000, "e0", A), T0 + 1_000_000)
    correlator.observe(found(1000 - LATENESS / 1000 - 1, "e1", A), T0 + 1_000_000)
    assert correlator.late == 1


def test_one_wrong_clock_does_not_make_it_forget() -> None:
    correlator = Correlator("acme", [counting(("gte", 2))])
    correlator.observe(found(0, "e0", A), T0)
    correlator.observe(found(10**9, "e1", A), T0 + 1)
    assert correlator.observe(found(2, "e2", A), T0 + 2000)


def test_a_flood_is_remembered_within_bounds() -> None:
    correlator = Correlator("acme", [counting(("gte", MAX_ENTRIES))])
    for number in range(2 * MAX_ENTRIES):
        correlator.observe(found(number / 1000, f"e{number:06}", A), T0 + number)
    assert sum(len(window.entries) for window in correlator._windows.values()) <= MAX_ENTRIES


DOCUMENT = """title: Base
name: base
id: 5b1d6f0a-0000-4000-8000-0000000000aa
---
title: Guessing
id: 5b1d6f0a-0000-4000-8000-0000000000bb
level: high
stage: contain
tags: [attack.credential-access, attack.t1110.001]
correlation:
  type: event_count
  rules: [base]
  group-by: [src_ip]
  timespan: 5m
  condition: {gte: 10, lt: 100}
"""


def test_a_rule_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(DOCUMENT)
    (rule,) = load_correlations([tmp_path]).rules
    assert rule.rules == {"5b1d6f0a-0000-4000-8000-0000000000aa"}
    assert (rule.timespan, rule.group_by, rule.stage) == (300_000, ("src_ip",), "contain")
    assert set(rule.conditions) == {("gte", 10), ("lt", 100)}
    assert (rule.tactics, rule.techniques) == (("credential-access",), ("T1110.001",))


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("type: event_count", "type: temporal", 11, "event_count"),
        ("rules: [base]", "rules: [nobody]", 12, "no rule is called nobody"),
        ("timespan: 5m", "timespan: soon", 14, "timespan"),
        ("{gte: 10, lt: 100}", "{gte: 10000}", 15, "not kept"),
        ("{gte: 10, lt: 100}", "{atleast: 10}", 15, "Extra inputs"),
        ("{gte: 10, lt: 100}", "{field: a}", 15, "one of"),
        ("type: event_count", "type: value_count", 10, "condition.field"),
        ("stage: contain", "stage: destroy", 8, "stage"),
    ],
)
def test_a_broken_rule_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    (tmp_path / "rules.yml").write_text(DOCUMENT.replace(old, new))
    loaded = load_correlations([tmp_path])
    assert loaded.rules == ()
    (problem,) = loaded.problems
    assert problem.line == line
    assert reason in problem.reason
