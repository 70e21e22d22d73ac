"""No conclusion hangs on one rule: leave any one out, and all but a few essential ones change nothing.

A rule is essential where without it some hold is missing: its group has no hard anchor any more, or stays under the
threshold. Leaving a rule out never adds a hold.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.recording import RecordingOptions, record
from schemas.replay import ReplayReport
from services.detect.correlate.settings import Settings as CorrelateSettings
from services.detect.match.load import OWN_RULES, load
from services.detect.match.settings import Settings as MatchSettings
from stanch.assembly import Settings
from tests.replaying import company, conclusion, play_lines

FILM = record(RecordingOptions())


def without(title: str) -> Settings:
    """All services as usual, but for the rules of that title."""
    files = sorted({Path(rule.path) for rule in load([OWN_RULES]).rules if rule.title != title})
    return Settings(
        match=MatchSettings(starter_rules=False, rules=tuple(files)),
        correlate=CorrelateSettings(without=(title,)),
    )


def fired(report: ReplayReport) -> list[str]:
    """The rules that counted in an incident."""
    return sorted({title for one in report.incidents for title in one.ocsf["unmapped"]["stanch"]["rules"]})


@pytest.mark.slow
def test_at_most_a_third_of_the_rules_that_fired_is_essential(
    tmp_path: Path, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    report = play_lines(FILM.lines, tmp_path, company(FILM))
    usual, titles = conclusion(report).fates, fired(report)
    essential = []
    for title in titles:
        found = conclusion(play_lines(FILM.lines, tmp_path, company(FILM), without(title))).fates
        assert found <= usual, f"without {title!r} something else is held"
        if found != usual:
            essential.append(title)
    record_property("essential", essential)
    with capsys.disabled():
        print(f"\nessential: {len(essential)} of {len(titles)} rules that fired: {', '.join(essential) or 'none'}")
    assert len(essential) <= len(titles) / 3
