"""A broken rule is refused by file, line and reason; the others run. The rules lie in ``broken/`` beside this file."""

from pathlib import Path
from typing import Any

import pytest

from services.detect.match.check import check
from services.detect.match.core.engine import Engine
from services.detect.match.load import load
from tests.unit.match.sigma_rules import compiled, headers, rule_text

BROKEN = Path(__file__).parent / "broken"

REFUSED = [
    ("unknown_modifier.yml", 7, "Unknown modifier 'includes'"),
    ("missing_search.yml", 7, "'other' not defined"),
    ("bad_regex.yml", 8, "(x"),
    ("no_logsource.yml", 1, "must have a log source"),
    ("bad_level.yml", 8, "terrible"),
    ("no_yaml.yml", 4, "no YAML"),
    ("repeated_key.yml", 7, "'a' stands here twice"),
    ("bad_network.yml", 6, "10.0.0.0/40"),
    ("bad_stage.yml", 8, "stage"),
    ("placeholder.yml", 4, "%nobody% is not configured"),
    ("one_of_three.yml", 12, "at least one condition"),
    ("one_of_three.yml", 16, "a Sigma document is a mapping"),
    ("same_id.yml", 2, "already used in"),
    ("not_utf8.yml", 3, "not UTF-8"),
]


@pytest.mark.parametrize(("file", "line", "reason"), REFUSED)
def test_a_broken_rule_is_named_with_file_line_and_reason(file: str, line: int, reason: str) -> None:
    found = [problem for problem in load([BROKEN]).problems if Path(problem.file).name == file and problem.line == line]
    assert [problem for problem in found if reason in problem.reason], [str(p) for p in load([BROKEN]).problems]


def test_nothing_else_is_refused_and_the_sound_rules_run() -> None:
    report, rules = check([BROKEN]), load([BROKEN]).rules
    assert len(report.problems) == len(REFUSED)
    assert (report.total, report.compiled) == (16, 2)
    assert {match.rule.title for match in Engine(rules).match({"a": 1}, headers())} == {
        "First document, sound",
        "Sound",
    }


def test_what_only_wants_configuration_is_listed_apart() -> None:
    report = check([BROKEN])
    assert [Path(problem.file).name for problem in report.needs_placeholder] == ["placeholder.yml"]
    assert not check([BROKEN], {"nobody": ("x",)}).needs_placeholder


def test_a_directory_that_is_not_there_is_a_problem() -> None:
    (problem,) = load([BROKEN / "nowhere"]).problems
    assert "no such directory" in problem.reason


def test_expressions_that_need_backtracking_are_listed() -> None:
    from services.detect.match.check import report_of

    report = report_of(compiled(rule_text({"sel": {"a|re": "x(?=y)"}, "condition": "sel"})))
    assert [rule.title for rule in report.backtracking] == ["T"]


@pytest.mark.parametrize(
    "text",
    ["", "---", "[]", "5", "title: x", "detection: 5", "correlation: 5", "{}", "filter: {}", "a: &a [*a]", "\0", "action: x",
     "action: global\n---\naction: repeat", "tags: 5\ndetection: {sel: {a: 1}, condition: sel}", "logsource: []\ntitle: 5",
     "title: t\nlogsource: {product: p}\ndetection: {sel: {a|: 1}, condition: sel}",
     "title: t\nlogsource: {product: p}\ndetection: {sel: {a|cidr: [1]}, condition: sel}",
     "title: t\nlogsource: {product: p}\ndetection: {sel: {a|gt: x}, condition: sel}",
     "title: t\nlogsource: {product: p}\ndetection: {sel: {a: {b: c}}, condition: sel}",
     "title: t\nlogsource: {product: p}\ndetection: {sel: {a: 1}, condition: [[sel]]}",
     "title: t\nlogsource: {product: p}\ndetection: {sel: {a: 1}, condition: 5}",
     "title: t\nlogsource: {product: p}\nstanch: 5\ndetection: {sel: {a: 1}, condition: sel}",
     "title: t\nlogsource: {product: p}\ntests: x\ndetection: {sel: {a: 1}, condition: sel}"],
)  # fmt: skip
def test_no_text_makes_the_loader_fail(text: str) -> None:
    result = compiled(text)
    assert not result.rules
    assert len(result.problems) <= result.total + 5


def test_the_findings_of_a_rule_that_only_feeds_a_correlation_are_observations() -> None:
    base = rule_text({"sel": {"a": 1}, "condition": "sel"}, name="base")
    correlation = "title: C\ncorrelation: {type: event_count, rules: [base], timespan: 5m, condition: {gte: 2}}\n"
    assert compiled(base).rules[0].extension.stage == "alert"
    assert compiled(base, correlation).rules[0].extension.stage == "observe"
    loud = correlation.replace("{type:", "{generate: true, type:")
    assert compiled(base, loud).rules[0].extension.stage == "alert"


@pytest.mark.parametrize("nested", [False, True])
def test_our_own_keys_stand_at_the_top_or_under_stanch(nested: bool) -> None:
    own = {"stage": "contain", "anchor": "script", "owner": "team"}
    keys: dict[str, Any] = {"stanch": own} if nested else dict(own)
    (rule,) = compiled(rule_text({"sel": {"a": 1}, "condition": "sel"}, **keys)).rules
    assert (rule.extension.stage, rule.extension.anchor, rule.extension.owner) == ("contain", "script", "team")


def test_a_rule_without_an_id_has_one_that_follows_from_its_text() -> None:
    text = rule_text({"sel": {"a": 1}, "condition": "sel"}).replace("id: 5b1d6f0a-0000-4000-8000-000000000001\n", "")
    assert compiled(text).rules[0].uid == compiled(text).rules[0].uid != ""
