"""`stanch holds`: what is contained, by whom, until when."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from runtime.log import Log
from schemas.hold import Hold
from schemas.times import text_or_none
from schemas.topics import HOLDS
from stanch.cli.plain import plain
from stanch.cli.session import LogOption, with_log
from stanch.projection import newest

EXAMPLE = "Example: [bold]stanch holds --tenant acme[/bold]"


def command(tenant: Annotated[str | None, typer.Option(help="only this tenant")] = None, log: LogOption = None) -> None:
    """Show the holds: target, control, state, expiry, who decided."""

    async def read(opened: Log) -> Sequence[Hold]:
        return await newest(opened, HOLDS, Hold)

    found = [one for one in with_log(read, log) if tenant in (None, one.tenant)]
    Console().print(table(sorted(found, key=lambda one: one.created_at, reverse=True)))


def table(holds: Sequence[Hold]) -> Table:
    """Return the holds as a table for people; the uid stands whole however narrow the terminal is: ``release`` wants it."""
    shown = Table(Column("hold", min_width=36, overflow="fold"), *_columns("state", "verified", "expires"))
    for one in holds:
        shown.add_row(
            f"{plain(one.target.id)}\n{one.control.value}\n{one.uid}",
            f"{one.state.value}\n{plain(one.decided_by or '-')}",
            text_or_none(one.verified_at) or "-",
            text_or_none(one.expires_at) or "-",
        )
    return shown


def _columns(*names: str) -> list[Column]:
    return [Column(name, overflow="fold") for name in names]
