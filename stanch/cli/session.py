"""Opens the log for one command: this machine's, or the one on Kafka that is named."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from runtime.clock import WallClock
from runtime.embedded import EmbeddedLog
from runtime.errors import StartError, Unavailable
from runtime.home import log_path, state_home
from runtime.log import Log
from runtime.log_address import FORM, kafka_address

ResultT = TypeVar("ResultT")

LogOption = Annotated[
    str | None,
    typer.Option(
        "--log",
        envvar="STANCH_LOG",
        help=f"{FORM}; this machine's log where it is left out",
    ),
]


def with_log(work: Callable[[Log], Awaitable[ResultT]], address: str | None = None) -> ResultT:
    """Run ``work`` on the log at ``address``, else on the embedded log of STANCH_HOME.

    Raises:
        StartError: there is no log, or it does not answer.
    """
    try:
        return asyncio.run(_with(open_log(address), work))
    except Unavailable as error:
        raise StartError(f"the log does not answer: {error}") from error


def open_log(address: str | None) -> Log:
    """Return the log at ``address``, else the embedded one of STANCH_HOME.

    Raises:
        StartError: the address is none, or there is no embedded log yet.
    """
    if address is not None:
        return kafka_address(address).open(WallClock())
    path = log_path(state_home())
    if not path.exists():
        raise StartError(f"no log at {path}: start `stanch up` first, set STANCH_HOME, or name one with --log")
    return EmbeddedLog(path, WallClock())


async def _with(log: Log, work: Callable[[Log], Awaitable[ResultT]]) -> ResultT:
    try:
        return await work(log)
    finally:
        await log.close()


def operator() -> str:
    """Return who gives the command, as decisions name it."""
    return f"human:{getpass.getuser()}"
