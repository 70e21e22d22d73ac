"""Starts the child, with or without a failpoint, and waits for what becomes of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.failpoints import Label
from tests.real_data import ROOT

PATIENCE_SECONDS = 60


def start(address: str, role: str, count: int = 0, **failpoint: str) -> subprocess.Popen[str]:
    """Start the child; ``failpoint`` becomes its environment."""
    command = [sys.executable, "-m", "tests.chaos.log.child", address, role, str(count)]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | failpoint, stdout=subprocess.PIPE, text=True)


def run(address: str, role: str, count: int = 0, **failpoint: str) -> tuple[int, list[str]]:
    """Let the child run to its end; return how it ended and what the log had acknowledged to it."""
    child = start(address, role, count, **failpoint)
    said, _ = child.communicate(timeout=PATIENCE_SECONDS)
    return child.returncode, said.split()


@contextmanager
def frozen(address: str, role: str, label: Label, nth: int) -> Iterator[subprocess.Popen[str]]:
    """A child that has just frozen at the failpoint; it does not outlive the block."""
    child = start(address, role, STANCH_FAILPOINT_STOP=f"{label}:{nth}")
    try:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "the child ended before it froze"
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate(timeout=PATIENCE_SECONDS)


def thaw(child: subprocess.Popen[str]) -> int:
    """Let a frozen child go on, and return how it ended."""
    child.send_signal(signal.SIGCONT)
    return child.wait(timeout=PATIENCE_SECONDS)
