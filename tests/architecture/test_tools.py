"""A bare machine is enough: python3, make, git and sh."""

import re
import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT

RECIPE = re.compile(r"^\t@?(.*)$", re.MULTILINE)
BARE = {"python3", "make", "git", "sh"}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_the_makefile_calls_nothing_but_python_and_what_it_has_installed() -> None:
    commands = [
        part.split()[0] for line in RECIPE.findall((ROOT / "Makefile").read_text()) for part in line.split("&&")
    ]
    assert commands
    assert [one for one in commands if one != "python3" and not one.startswith(".venv/bin/")] == []


def test_bare_leaves_four_programs_on_the_path() -> None:
    told = run("scripts/bare", "python3", "-c", "import os; print(*os.listdir(os.environ['PATH']))")
    assert told.returncode == 0, told.stderr
    assert set(told.stdout.split()) == BARE


def test_bare_hands_the_exit_status_on() -> None:
    assert run("scripts/bare", "sh", "-c", "exit 7").returncode == 7
    assert run("scripts/bare", "ls").returncode == 127


def test_bare_gives_the_interpreter_itself_so_that_what_it_installs_lasts() -> None:
    told = run(
        "scripts/bare", "python3", "-c", "import os, sys; print(os.path.realpath(sys.executable) == sys.executable)"
    )
    assert told.stdout.strip() == "True"


@pytest.mark.parametrize("target", ["install", "demo", "test", "lint", "types", "bench", "chaos"])
def test_make_help_lists(target: str) -> None:
    assert f"make {target} " in run("make", "help").stdout


def test_an_unknown_suite_is_named() -> None:
    told = run(sys.executable, "scripts/run_tests.py", "everything")
    assert told.returncode == 2
    assert "no suite called everything" in told.stderr


def test_a_suite_that_fails_makes_the_run_fail() -> None:
    told = run(sys.executable, "scripts/run_tests.py", "chaos", "--", "--no-such-option")
    assert told.returncode == 1
    assert "FAILED" in told.stdout
