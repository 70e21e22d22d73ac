"""`stanch dead-letters`: what was given up, and how it comes back after a fix."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from runtime import dead_letters
from runtime.log import Log
from schemas.dead_letter import DeadLetter
from schemas.times import to_text
from stanch.cli.plain import plain
from stanch.cli.session import LogOption, with_log

app = typer.Typer(help="Messages that were given up, with their bytes and the reason.", no_args_is_help=True)
Service = Annotated[str | None, typer.Option(help="only those that this service gave up, `ingest`")]
Containing = Annotated[str | None, typer.Option(help="only those whose reason contains this text")]


@app.command("list", epilog="Example: [bold]stanch dead-letters list --service ingest[/bold]")
def show(service: Service = None, reason: Containing = None, log: LogOption = None) -> None:
    """Show what was given up, where it came from, and why."""

    async def read(opened: Log) -> list[DeadLetter]:
        return [one async for one in dead_letters.letters(opened) if _wanted(one, service, reason)]

    table = Table(Column("letter", min_width=36, overflow="fold"), "service", "fate", Column("reason", overflow="fold"))
    for one in with_log(read, log):
        told = f"{to_text(one.at)}\n{one.topic}/{one.partition}/{one.offset}\n{one.uid}"
        table.add_row(told, one.service, one.fate.value, plain(one.reason))
    Console().print(table)


@app.command("replay", epilog='Example: [bold]stanch dead-letters replay --reason "no mapper"[/bold]')
def replay(service: Service = None, reason: Containing = None, log: LogOption = None) -> None:
    """Put them back on their topics, bytes as they were; a second call puts nothing back twice."""

    async def put_back(opened: Log) -> dead_letters.Replayed:
        return await dead_letters.replay(opened, lambda one: _wanted(one, service, reason))

    done, console = with_log(put_back, log), Console()
    console.print(f"{len(done.returned)} back on their topics, {len(done.already)} had been put back before")
    for refusal in done.refused:
        console.print(f"not put back: {refusal.uid}: {refusal.reason}", markup=False)


def _wanted(letter: DeadLetter, service: str | None, reason: str | None) -> bool:
    return service in (None, letter.service) and (reason is None or reason in letter.reason)
