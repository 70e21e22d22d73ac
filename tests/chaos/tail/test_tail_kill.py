"""Whoever follows a file is killed at each point of its way, while the file grows and is rotated: each line is one event."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from schemas.topics import EVENTS
from tests.architecture.tree import ROOT

LABELS = ["log.write.before", "log.write.begun", "log.write.appended", "log.write.complete", "log.write.committed"]
LINES = 40
PATIENCE_SECONDS = 60


def follow(home: Path, pattern: Path, failpoint: str = "") -> int:
    last = () if failpoint else ("normalize",)
    command = [sys.executable, "-m", "tests.chaos.tail.child", str(home), str(pattern), *last]
    environment = {**os.environ, "STANCH_FAILPOINT": failpoint}
    return subprocess.run(command, cwd=ROOT, env=environment, timeout=PATIENCE_SECONDS, check=False).returncode


def write(path: Path, first: int, last: int) -> None:
    """Append lines of which no two are the same; they name no time, so that the reader must."""
    with path.open("a") as file:
        file.writelines(f"Failed password for root from 203.0.113.9 port {port} ssh2\n" for port in range(first, last))


async def events(home: Path) -> list[tuple[str, bytes]]:
    """Everything that came out: id and bytes."""
    log = EmbeddedLog(home / "log.sqlite3", WallClock())
    try:
        count = await log.partitions(EVENTS.name)
        read = [one for number in range(count) async for one in log.read(EVENTS.name, number)]
    finally:
        await log.close()
    return [(one.headers["uid"], one.value) for one in read]


@pytest.mark.parametrize("label", LABELS)
async def test_each_line_is_one_event_whatever_happened_on_the_way(tmp_path: Path, label: str) -> None:
    path, quarter = tmp_path / "auth.log", LINES // 4
    for part in range(2):
        write(path, part * quarter, (part + 1) * quarter)
        assert follow(tmp_path, path, label) == -signal.SIGKILL
    write(path, 2 * quarter, 3 * quarter)
    path.rename(tmp_path / "auth.log.1")
    write(path, 3 * quarter, LINES)
    assert follow(tmp_path, path) == 0
    told = await events(tmp_path)
    assert len({uid for uid, _ in told}) == LINES
    assert len(set(told)) == LINES, "the same line came out with another content"
