"""notify is killed at each labelled point of its way: every message arrives, and a repeat bears the same key."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from runtime.log import Message
from schemas.notification import Notification
from schemas.topics import NOTIFICATIONS
from tests.architecture.tree import ROOT
from tests.integration.notify.provider import serving
from tests.unit.notify.stage import incident, received

LABELS = [
    "ledger.decided",
    "ledger.committed",
    "notify.send.before",
    "notify.send.after",
    "ledger.acted",
    "ledger.decided:2",
    "ledger.committed:2",
    "log.write.appended:2",
]


async def process(log: Path, port: int, failpoint: str = "") -> int:
    environment = {**os.environ, "STANCH_FAILPOINT": failpoint}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.notify.child", str(log), str(port), cwd=ROOT, env=environment
    )
    return await asyncio.wait_for(child.wait(), 60)


async def ask(path: Path) -> None:
    log = EmbeddedLog(path, WallClock())
    inputs = [received(incident(number)) for number in (1, 2)]
    await log.append([Message(one.topic, one.tenant, one.key, one.value) for one in inputs])
    await log.close()


async def accepted(path: Path) -> list[str]:
    log = EmbeddedLog(path, WallClock())
    read = [Notification.model_validate_json(one.value) async for one in log.read(NOTIFICATIONS.name, 0)]
    await log.close()
    return [one.uid for one in read if one.state == "accepted"]


@pytest.mark.parametrize("label", LABELS)
async def test_a_kill_loses_nothing_and_a_repeat_is_recognised(tmp_path: Path, label: str) -> None:
    path = tmp_path / "log.sqlite3"
    await ask(path)
    async with serving() as provider:
        assert await process(path, provider.port, label) == -signal.SIGKILL
        assert await process(path, provider.port) == 0
        requests = [headers["webhook-id"] for headers, _ in provider.requests]
    assert len(provider.taken) == 2
    assert set(requests) == set(provider.taken)
    assert len(requests) <= 4
    assert sorted(await accepted(path)) == sorted(provider.taken)
