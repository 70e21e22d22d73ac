"""`stanch halt`: no new containment from now on."""

from typing import Annotated

import typer
from rich.console import Console

from runtime.clock import WallClock
from runtime.log import Log, Message
from schemas.identity import compose
from schemas.mode import Mode, ModeChange
from schemas.topics import MODES
from stanch.cli.session import LogOption, operator, with_log

EXAMPLE = "Example: [bold]stanch halt --tenant acme[/bold]; lift it with [bold]stanch halt --mode ARMED[/bold]"


def command(
    tenant: Annotated[str | None, typer.Option(help="only this tenant; everyone where it is left out")] = None,
    mode: Annotated[Mode, typer.Option(help="what holds from now on")] = Mode.HALT,
    reason: Annotated[str, typer.Option(help="why")] = "",
    log: LogOption = None,
) -> None:
    """Stop containing at once. Releases go on, unless the mode is HALT_ALL."""

    async def say(opened: Log) -> None:
        change = ModeChange(tenant=tenant, mode=mode, by=operator(), reason=reason, at=WallClock().now())
        scope = tenant or "*"
        await opened.append([Message(MODES.name, scope, compose(scope), change.model_dump_json().encode())])

    with_log(say, log)
    Console().print(f"{tenant or 'everyone'}: {mode.value}")
