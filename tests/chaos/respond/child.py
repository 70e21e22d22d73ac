"""Respond as a process of its own: works until its hold has come to rest, or until a failpoint ends it."""

import asyncio
import os
import time
from pathlib import Path

from runtime.clock import WallClock
from runtime.deployment import Deployment
from runtime.embedded.log import EmbeddedLog
from schemas.hold import Hold, HoldState
from services.respond.__main__ import compose
from services.respond.settings import Settings
from tests.integration.respond.stage import company
from tests.unit.respond.incidents import TENANT

SETTINGS = Settings(
    dispatch_ms=600, http_timeout_ms=900, first_pause_ms=100, longest_pause_ms=400, longest_lag_ms=2_500
)
RESTING = {
    "apply": {
        HoldState.VERIFIED,
        HoldState.INEFFECTIVE,
        HoldState.MANUAL,
        HoldState.AWAITING_APPROVAL,
        HoldState.DENIED,
    },
    "release": {HoldState.RELEASED, HoldState.MANUAL},
}
LONGEST_SECONDS = 45.0


def work(home: str, address: str, direction: str, failpoint: str) -> None:
    """Run in a child: end when the hold rests in a state that ends ``direction``."""
    if failpoint:
        os.environ["STANCH_FAILPOINT"] = failpoint
    asyncio.run(_work(Path(home), address, direction))


async def newest_hold(log: EmbeddedLog) -> Hold | None:
    """The newest state of the only hold."""
    found = [Hold.model_validate_json(one.value) async for one in log.read("holds", 0)]
    return found[-1] if found else None


async def _work(home: Path, address: str, direction: str) -> None:
    clock = WallClock()
    log = EmbeddedLog(home / "log.sqlite3", clock)
    worker = compose(Deployment(log, {TENANT: company(address)}, clock, home), SETTINGS)
    await worker.start()
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        await worker.step(0.2)
        hold = await newest_hold(log)
        if hold is not None and hold.state in RESTING[direction]:
            break
    await worker.stop()
    await log.close()
