"""Failpoints: silent unless asked, exact when asked, and a label that does not exist is refused."""

import os
import signal
import subprocess
import sys

import pytest

from runtime.failpoints import LABELS
from tests.real_data import ROOT

THRICE = (
    "from runtime.failpoints import reach\nfor n in range(3):\n    print(n, flush=True)\n    reach('ledger.decided')"
)


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", THRICE]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_without_the_variable_nothing_happens() -> None:
    assert run().stdout.split() == ["0", "1", "2"]


@pytest.mark.parametrize(("text", "said"), [("ledger.decided", ["0"]), ("ledger.decided:3", ["0", "1", "2"])])
def test_it_ends_the_process_at_the_nth_reach(text: str, said: list[str]) -> None:
    ended = run(STANCH_FAILPOINT=text)
    assert (ended.returncode, ended.stdout.split()) == (-signal.SIGKILL, said)


def test_another_label_passes() -> None:
    assert run(STANCH_FAILPOINT="ledger.committed").returncode == 0


@pytest.mark.parametrize("text", ["ledger.decide", "ledger.decided:x", ":2"])
def test_a_typo_in_the_variable_is_refused_and_not_ignored(text: str) -> None:
    ended = run(STANCH_FAILPOINT=text)
    assert ended.returncode == 1
    assert f"failpoint '{text}': expected label[:n]" in ended.stderr


def test_it_freezes_where_it_is_and_goes_on_when_continued() -> None:
    environment = os.environ | {"STANCH_FAILPOINT_STOP": "ledger.decided:2"}
    with subprocess.Popen(
        [sys.executable, "-c", THRICE], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as child:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        child.send_signal(signal.SIGCONT)
        said, _ = child.communicate(timeout=60)
    assert (child.returncode, said.split()) == (0, ["0", "1", "2"])


def test_labels_are_told_apart() -> None:
    assert len(set(LABELS)) == len(LABELS)
