"""`stanch incidents`: what is going on, who is what, and why."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from runtime.log import Log
from schemas.incident import Incident
from schemas.times import to_text
from schemas.topics import INCIDENTS
from stanch.cli.plain import plain
from stanch.cli.session import LogOption, with_log
from stanch.projection import newest

EXAMPLE = "Example: [bold]stanch incidents --tenant acme[/bold]"


def command(tenant: Annotated[str | None, typer.Option(help="only this tenant")] = None, log: LogOption = None) -> None:
    """Show the incidents: severity, what the evidence allows, who is what."""

    async def read(opened: Log) -> Sequence[Incident]:
        return await newest(opened, INCIDENTS, Incident)

    found = [one for one in with_log(read, log) if one.detail.merged_into is None and tenant in (None, one.tenant)]
    Console().print(_table(sorted(found, key=lambda one: one.time, reverse=True)))


def _table(incidents: Sequence[Incident]) -> Table:
    names = ("tenant", "severity", "allows")
    table = Table(Column("incident", min_width=36, overflow="fold"), *(Column(name, overflow="fold") for name in names))
    for one in incidents:
        roles = (plain(f"{entity.role}: {entity.id}") for entity in one.detail.entities)
        told = "\n".join((f"since {to_text(one.start_time)}", *roles, one.uid))
        table.add_row(told, one.tenant, str(one.severity_id), one.detail.authority.value)
    return table
