"""`stanch holds`: what is contained, by whom, until when."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from runtime.log import Log
from schemas.hold import Hold
from schemas.times import text_or_none
from schemas.topics import HOLDS
from stanch.cli.session import with_log
from stanch.projection import newest

EXAMPLE = "Example: [bold]stanch holds --tenant acme[/bold]"


def command(tenant: Annotated[str | None, typer.Option(help="only this tenant")] = None) -> None:
    """Show the holds: target, control, state, expiry, who decided."""

    async def read(log: Log) -> Sequence[Hold]:
        return await newest(log, HOLDS, Hold)

    found = [one for one in with_log(read) if tenant in (None, one.tenant)]
    Console().print(table(sorted(found, key=lambda one: one.created_at, reverse=True)))


def table(holds: Sequence[Hold]) -> Table:
    """Return the holds as a table for people."""
    shown = Table("target", "control", "state", "verified", "expires", "decided by", "uid")
    for one in holds:
        shown.add_row(
            escape(one.target.id),
            one.control.value,
            one.state.value,
            text_or_none(one.verified_at) or "-",
            text_or_none(one.expires_at) or "-",
            escape(one.decided_by or "-"),
            one.uid,
        )
    return shown
