"""`stanch doctor`: what is wrong with this set-up, and the cure."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from runtime.errors import ConfigError, StartError
from runtime.home import state_home
from runtime.log_address import KafkaAddress, kafka_address
from schemas.tenant import Tenant
from stanch.assembly import Settings
from stanch.cli.config import configured
from stanch.cli.plain import plain
from stanch.cli.session import LogOption
from stanch.doctor import cluster, machine, products
from stanch.doctor.verdict import Level, Verdict, well, wrong

EXAMPLE = "Example: [bold]stanch doctor --config stanch.yaml --log kafka://127.0.0.1:9092[/bold]"
_MARKS: Mapping[Level, str] = {
    "well": "[green]well[/green]",
    "warning": "[yellow]warning[/yellow]",
    "wrong": "[red]wrong[/red]",
}


def command(
    config: Annotated[Path, typer.Option(help="stanch.yaml; tenants/ lies beside it")], log: LogOption = None
) -> None:
    """Examine configuration, state, log and products; exit status 1 if anything is wrong. Nothing is changed."""
    console = Console()
    try:
        settings, tenants = configured(config)
    except ConfigError as error:
        _show(console, [wrong("configuration", problem, "mend this line") for problem in error.problems])
        raise typer.Exit(1) from error
    verdicts = asyncio.run(_examine(settings, tenants, None if log is None else kafka_address(log)))
    _show(console, [well("configuration", f"{config}, {len(tenants)} tenants"), *verdicts])
    if any(one.level == "wrong" for one in verdicts):
        raise typer.Exit(1)


async def _examine(settings: Settings, tenants: Mapping[str, Tenant], address: KafkaAddress | None) -> list[Verdict]:
    found: list[Verdict] = []
    if not tenants:
        found.append(wrong("tenants", "there are none", "write tenants/<slug>.yaml beside stanch.yaml"))
    found += machine.examine(state_home(), embedded=address is None)
    if address is not None:
        found += [one async for one in cluster.examine(address, sorted(tenants))]
    try:
        found += [one async for one in products.examine(tenants, settings.respond)]
    except StartError as error:
        found += [wrong("connectors", line, "mend the tenant's configuration") for line in str(error).splitlines()]
    return found


def _show(console: Console, verdicts: list[Verdict]) -> None:
    table = Table("", Column("what", overflow="fold"), Column("how it is", overflow="fold"), show_edge=False)
    for one in verdicts:
        cure = f"\n[bold]{plain(one.cure)}[/bold]" if one.cure else ""
        table.add_row(_MARKS[one.level], plain(one.what), plain(one.told) + cure)
    console.print(table)
