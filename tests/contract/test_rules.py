"""Every rule file that comes with the product: found by itself, with its samples inside. No list to edit."""

from pathlib import Path

import pytest

from schemas.finding import Level, Stage
from services.detect.correlate.sigma_correlation.load import load_correlations
from services.detect.match.check import report_of
from services.detect.match.core.engine import Engine
from services.detect.match.core.rule import Rule
from services.detect.match.load import OWN_RULES, load, rule_files
from services.detect.match.samples import event_of, self_test

LOADED = load([OWN_RULES])
CORRELATIONS = load_correlations([OWN_RULES])
RULES = [pytest.param(rule, id=Path(rule.path).stem) for rule in LOADED.rules]


def test_every_file_is_sound() -> None:
    assert not LOADED.problems
    assert not CORRELATIONS.problems
    assert LOADED.total + LOADED.correlations == len(rule_files(OWN_RULES))
    assert len(CORRELATIONS.rules) == LOADED.correlations


def test_every_rule_runs_in_linear_time_and_where_the_tables_know() -> None:
    report = report_of(LOADED)
    assert not report.backtracking
    assert not report.unrouted


@pytest.mark.parametrize("rule", RULES)
def test_its_samples_fire_and_its_look_alikes_do_not(rule: Rule) -> None:
    assert [result.reason for result in self_test([rule]) if not result.passed] == []


@pytest.mark.parametrize("rule", RULES)
def test_it_has_a_sample_that_fires_and_one_that_does_not(rule: Rule) -> None:
    assert {test.fires for test in rule.extension.tests} == {True, False}


@pytest.mark.parametrize("rule", RULES)
def test_it_says_what_it_stands_for_and_where_it_errs(rule: Rule) -> None:
    assert rule.tactics
    assert rule.techniques
    assert rule.falsepositives
    assert rule.extension.stage is not Stage.CONTAIN, "one event alone never contains; a correlation may"


@pytest.mark.parametrize("rule", RULES)
def test_no_other_severe_rule_fires_on_its_look_alikes(rule: Rule) -> None:
    severe = Engine(other for other in LOADED.rules if other.level in {Level.HIGH, Level.CRITICAL})
    for test in rule.extension.tests:
        if not test.fires and rule.level in {Level.HIGH, Level.CRITICAL}:
            assert [match.rule.title for match in severe.match(*event_of(rule, test))] == []


def test_one_thing_told_by_several_logs_has_one_title_and_one_level() -> None:
    levels: dict[str, set[Level]] = {}
    for rule in LOADED.rules:
        levels.setdefault(rule.title, set()).add(rule.level)
    assert {title: found for title, found in levels.items() if len(found) > 1} == {}


def test_only_a_correlation_contains_and_it_names_whom() -> None:
    for rule in CORRELATIONS.rules:
        assert rule.tactics
        if rule.stage is Stage.CONTAIN:
            assert rule.group_by


def test_what_a_correlation_counts_is_only_observed() -> None:
    counted = {uid for rule in CORRELATIONS.rules for uid in rule.rules}
    assert {rule.extension.stage for rule in LOADED.rules if rule.uid in counted} == {Stage.OBSERVE}
