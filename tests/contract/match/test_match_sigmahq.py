"""All of SigmaHQ: it loads, it compiles, and each of its recorded samples fires its rule, through ingest's own reading."""

from pathlib import Path

import pytest

from services.detect.match.check import check
from services.detect.match.samples import check_samples
from tests.reading import read_events
from tests.real_data import real_data

pytestmark = pytest.mark.real_data

_FOLDERS = ("rules", "rules-emerging-threats", "rules-threat-hunting")
_CONFIGURED = {"known_cdcs": ("pki1.corp.example",)}


def _dirs() -> list[Path]:
    return [real_data("sigma", folder) for folder in _FOLDERS]


@pytest.mark.slow
def test_every_rule_compiles_but_two_that_want_a_placeholder() -> None:
    report = check(_dirs())
    assert (report.total, report.compiled) == (3753, 3751)
    assert report.problems == report.needs_placeholder
    assert all("known_cdcs" in problem.reason and problem.line > 1 for problem in report.problems)
    assert not report.unrouted


@pytest.mark.slow
def test_every_rule_compiles_once_the_placeholder_is_configured() -> None:
    report = check(_dirs(), _CONFIGURED)
    assert (report.total, report.compiled, report.problems) == (3753, 3753, ())


@pytest.mark.slow
def test_every_recorded_sample_fires_its_rule() -> None:
    results = check_samples(real_data("sigma", "regression_data"), _dirs(), read_events, _CONFIGURED)
    assert len(results) == 256
    assert [f"{result.title}, {result.sample.name}: {result.reason}" for result in results if not result.passed] == []
