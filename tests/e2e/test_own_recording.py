"""Our own recording, from the first record to the last release: the right things are held, and nothing else."""

from pathlib import Path

import pytest

from lab.recording import RecordingOptions, record
from schemas.replay import ReplayReport
from tests.replaying import company, held, play_lines

FILM = record(RecordingOptions())


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReplayReport:
    return play_lines(FILM.lines, tmp_path_factory.mktemp("own"), company(FILM))


def test_every_record_is_accounted_for(report: ReplayReport) -> None:
    events = report.events
    assert events.records == len(FILM.lines)
    assert events.records == events.normalized + events.base + events.dead_letters
    assert events.dead_letters == 0


def test_exactly_the_intruders_hosts_accounts_and_addresses_are_held(report: ReplayReport) -> None:
    controlled = FILM.labels["attacker_controlled"]
    wanted = {
        *(("host", name) for name in controlled["host"]),
        *(("account", name) for name in controlled["account"]),
        *(("address", name) for name in controlled["address"]),
    }
    assert held(report) == wanted


def test_it_is_one_incident(report: ReplayReport) -> None:
    assert len(report.incidents) == 1


def test_every_hold_is_verified_has_an_expiry_and_ends_by_it(report: ReplayReport) -> None:
    for hold in report.holds:
        assert hold.state.value == "released"
        times = [hold.applied_at, hold.verified_at, hold.expires_at, hold.released_at]
        assert all(times), hold
        assert times == sorted(times, key=str), hold


def test_the_administrator_and_the_controller_are_spared(report: ReplayReport) -> None:
    taken = held(report)
    for one in FILM.labels["spared"]:
        assert (one["type"], one["id"]) not in taken, one["why"]


def test_a_human_is_told_once_and_the_message_is_updated(report: ReplayReport) -> None:
    opened = [one for one in report.notifications if one["sequence"] == 0]
    assert len(opened) == 1
    assert all(one["incident"] == report.incidents[0].ocsf["metadata"]["uid"] for one in report.notifications)


def test_two_runs_give_the_same_bytes(report: ReplayReport, tmp_path: Path) -> None:
    again = play_lines(FILM.lines, tmp_path, company(FILM))
    assert again.model_copy(update={"seconds": report.seconds}) == report
