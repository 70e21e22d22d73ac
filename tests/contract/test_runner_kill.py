"""kill -9 of a ledger service at each of its labelled points: the next life ends where an undisturbed one does.

Run as a module it is the service itself: ``python -m tests.contract.test_runner_kill ADDRESS FOLDER``.
"""

# ruff: noqa: ARG002 -- the methods of a port keep its parameters

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter as Tally
from pathlib import Path

import pytest

from runtime.clock import VirtualClock
from runtime.ledger import audit
from runtime.log import Log
from runtime.machine import Action, Outcome
from tests.contract.log_adapters import SHARED, Adapter, open_log
from tests.unit.runtime.toy import LEDGER, NOON, deployed, said, texts, toy_worker

pytestmark = pytest.mark.slow

INPUTS = [
    said(add=1),
    said(ring="b0"),
    said(bad=1),
    said(add=2),
    said(ring="b1"),
    said("globex", add=5),
    said(ring="b2"),
]
LABELS = ("ledger.decided", "ledger.committed", "ledger.acted")


class Street:
    """Bells of the world outside: each ring is a line of a file, and is looked up before ringing again."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def perform(self, action: Action, now: int) -> Outcome:
        if action.uid not in self.rung():
            with self._file.open("a") as street:
                street.write(f"{action.uid}\n")
        return Outcome(action.uid, {})

    def rung(self) -> list[str]:
        return self._file.read_text().split() if self._file.exists() else []


def opened(address: str) -> Log:
    return open_log(address, VirtualClock(NOON), member="toy")


async def serve(address: str, folder: Path) -> None:
    log = opened(address)
    worker = toy_worker(deployed(log), actor=Street(folder / "street"), limit=2, snapshot_every=3)
    await worker.start()
    while await worker.step(0) or worker._actions.running:
        pass
    await worker.stop()
    await log.close()


def life(address: str, folder: Path, failpoint: str = "") -> int:
    environment = {**os.environ, "STANCH_FAILPOINT": failpoint}
    command = [sys.executable, "-m", "tests.contract.test_runner_kill", address, str(folder)]
    return subprocess.run(command, env=environment, check=False, timeout=60).returncode


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("adapter", SHARED, ids=str)
async def test_the_next_life_ends_where_an_undisturbed_one_does(
    adapter: Adapter, label: str, count: int, tmp_path: Path
) -> None:
    address = adapter.address(tmp_path)
    log = opened(address)
    await log.append(INPUTS)
    await log.close()
    assert life(address, tmp_path, f"{label}:{count}") == -signal.SIGKILL
    assert life(address, tmp_path) == 0
    log = opened(address)
    outputs = await texts(log)
    kinds = Tally([(line.tenant, line.entry.kind) async for line in audit(log, LEDGER, 0)])
    letters = await texts(log, "dead-letters")
    await log.close()
    assert sorted(outputs) == ["rung b0", "rung b1", "rung b2", "total 1", "total 3", "total 5"]
    assert [kinds["acme", kind] for kind in ("add", "ring", "rung")] == [2, 3, 3]
    assert kinds["globex", "add"] == 1
    assert len(letters) == 1
    assert sorted(Street(tmp_path / "street").rung()) == ["b0", "b1", "b2"]


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
