"""`stanch incidents`: what is going on, who is what, and why."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from runtime.log import Log
from schemas.incident import Incident
from schemas.times import to_text
from schemas.topics import INCIDENTS
from stanch.cli.session import with_log
from stanch.projection import newest

EXAMPLE = "Example: [bold]stanch incidents --tenant acme[/bold]"


def command(tenant: Annotated[str | None, typer.Option(help="only this tenant")] = None) -> None:
    """Show the incidents: severity, what the evidence allows, who is what."""

    async def read(log: Log) -> Sequence[Incident]:
        return await newest(log, INCIDENTS, Incident)

    found = [one for one in with_log(read) if one.detail.merged_into is None and tenant in (None, one.tenant)]
    Console().print(_table(sorted(found, key=lambda one: one.time, reverse=True)))


def _table(incidents: Sequence[Incident]) -> Table:
    table = Table("since", "tenant", "severity", "allows", "who is what", "uid")
    for one in incidents:
        roles = "\n".join(escape(f"{entity.role}: {entity.id}") for entity in one.detail.entities)
        table.add_row(
            to_text(one.start_time), one.tenant, str(one.severity_id), one.detail.authority.value, roles, one.uid
        )
    return table
