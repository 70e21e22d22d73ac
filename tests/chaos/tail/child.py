"""A process that follows files, until a failpoint ends it or nothing has come for a while.

``python -m tests.chaos.tail.child HOME PATTERN [normalize]``; the last word has it make events of the lines as well.
"""

import asyncio
import sys
from pathlib import Path

from runtime.clock import WallClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from schemas.tenant import Tenant
from services.ingest.__main__ import compose
from services.ingest.receivers.tail_files import tailer
from services.ingest.settings import Settings

QUIET_STEPS = 4
STEP_SECONDS = 0.05


async def main(home: Path, pattern: str, *, normalize: bool) -> None:
    """Read everything that is there."""
    log = EmbeddedLog(home / "log.sqlite3", WallClock())
    source = {"path": pattern, "kind": "sshd_syslog", "host": "WEB01", "begin": "beginning"}
    tenant = Tenant.model_validate({"slug": "acme", "sources": [source]})
    deployment = Deployment(log, {"acme": tenant}, WallClock(), home)
    following = tailer(deployment, Settings())
    assert following is not None
    workers = (following, compose(deployment)) if normalize else (following,)
    for worker in workers:
        await worker.start()
    quiet = 0
    while quiet < QUIET_STEPS:
        handled = [await worker.step(STEP_SECONDS) for worker in workers]
        quiet = 0 if any(handled) else quiet + 1
    for worker in workers:
        await worker.stop()
    await log.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], normalize="normalize" in sys.argv[3:]))
