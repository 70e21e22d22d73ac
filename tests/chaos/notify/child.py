"""notify as a process of its own: ``python -m tests.chaos.notify.child LOG PORT``; ends when nothing is left to send."""

import asyncio
import sys
from pathlib import Path

from runtime.clock import WallClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from schemas.tenant import Tenant
from services.notify.__main__ import compose
from services.notify.settings import Settings
from tests.integration.notify.provider import Provider

PRIVATE = Settings(channels={"webhook": {"allow_private": True}})


async def work(path: Path, port: int) -> None:
    """Send what the log asks for."""
    clock = WallClock()
    log = EmbeddedLog(path, clock)
    tenant = Tenant(slug="acme", contacts=(Provider(port=port).contact,))
    worker = compose(Deployment(log, {"acme": tenant}, clock, path.parent), PRIVATE)
    await worker.start()
    quiet = 0
    while quiet < 5:
        quiet = 0 if await worker.step(0.1) else quiet + 1
    await worker.stop()
    await log.close()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2])))
