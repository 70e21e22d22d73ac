"""A wrong call is refused before any work, in a sentence that names what is wrong."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.errors import StartError
from stanch.cli.app import app


def refusal(*arguments: object, home: Path | None = None) -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments], env={"STANCH_HOME": str(home)} if home else {})
    assert isinstance(result.exception, StartError)
    return str(result.exception)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "one.json"
    path.write_bytes(b'{"a":1}\n')
    return path


def test_a_tenant_whose_name_can_be_none(recording: Path) -> None:
    assert "--tenant 'A/B'" in refusal("replay", recording, "--tenant", "A/B")


def test_a_report_that_could_not_be_written(recording: Path, tmp_path: Path) -> None:
    assert str(tmp_path / "none") in refusal("replay", recording, "--json", tmp_path / "none" / "report.json")
    assert str(tmp_path) in refusal("replay", recording, "--json", tmp_path)


def test_a_home_that_is_a_file(recording: Path) -> None:
    assert "STANCH_HOME" in refusal("holds", home=recording)


def test_samples_and_rules_that_are_not_there(tmp_path: Path) -> None:
    assert str(tmp_path / "samples") in refusal("rules", "test", tmp_path / "samples")
    assert str(tmp_path / "rules") in refusal("rules", "test", "--rules", tmp_path / "rules")


def test_a_source_that_nobody_knows(recording: Path) -> None:
    said = refusal("replay", recording, "--source", "nosuch")
    assert "nosuch" in said
    assert "windows_event_json" in said
