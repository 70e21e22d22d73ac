"""Opens the log of this machine for one command."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import TypeVar

from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from runtime.errors import StartError
from runtime.log import Log
from stanch.home import log_path, state_home

ResultT = TypeVar("ResultT")


def with_log(work: Callable[[Log], Awaitable[ResultT]]) -> ResultT:
    """Run ``work`` on the embedded log of STANCH_HOME.

    Raises:
        StartError: there is no log yet.
    """
    return asyncio.run(_with_log(work))


async def _with_log(work: Callable[[Log], Awaitable[ResultT]]) -> ResultT:
    path = log_path(state_home())
    if not path.exists():
        raise StartError(f"no log at {path}: start `stanch up` first, or set STANCH_HOME")
    log = EmbeddedLog(path, WallClock())
    try:
        return await work(log)
    finally:
        await log.close()


def operator() -> str:
    """Return who gives the command, as decisions name it."""
    return f"human:{getpass.getuser()}"
