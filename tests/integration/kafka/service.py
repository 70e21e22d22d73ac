"""A toy ledger service as a process of its own: ``python -m tests.integration.kafka.service ADDRESS [MEMBER]``.

It says on its standard output which partitions it owns, each time that changes, and ends in order when asked to.
"""

import asyncio
import signal
import sys

from runtime.clock import WallClock
from runtime.logs import setup_logs
from tests.contract.log_adapters import open_log
from tests.unit.runtime.toy import deployed, toy_worker


async def serve(address: str, member: str | None) -> None:
    setup_logs("ERROR")
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    log = open_log(address, WallClock(), member=member)
    worker = toy_worker(deployed(log, WallClock()), broadcast=["modes"], limit=20)
    await worker.start()
    owned: list[int] | None = None
    while not stopping.is_set():
        if owned != (owned := sorted(worker._owned)):
            print("owns", *owned, flush=True)
        await worker.step(0.2)
    await worker.stop()
    await log.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
