"""`stanch topics`: what is on Kafka, what should be, and how it comes to be."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from runtime.errors import StartError, Unavailable
from runtime.kafka import KafkaAdmin
from runtime.log_address import FORM, kafka_address
from stanch.cli.config import configured
from stanch.cli.plain import plain

app = typer.Typer(help="The topics on Kafka: list, create, check.", no_args_is_help=True)
Address = Annotated[str, typer.Option("--log", envvar="STANCH_LOG", help=FORM)]
Config = Annotated[Path, typer.Option(help="stanch.yaml; each tenant beside it has a topic of records")]
ResultT = TypeVar("ResultT")


@app.command("list", epilog="Example: [bold]stanch topics list --log kafka://127.0.0.1:9092[/bold]")
def show(log: Address) -> None:
    """Show the topics that there are."""
    table = Table(Column("topic", overflow="fold"), "partitions", "replicas", "messages", "declared")
    for one in _asked(log, lambda admin: admin.topics()):
        table.add_row(
            plain(one.name),
            str(one.partitions),
            str(one.replication),
            str(one.messages),
            "yes" if one.declared else "no",
        )
    Console().print(table)


@app.command(
    epilog="Example: [bold]stanch topics create --config stanch.yaml --log kafka://127.0.0.1:9092 --partitions 4[/bold]"
)
def create(
    log: Address,
    config: Config,
    partitions: Annotated[int, typer.Option(min=1, help="of every topic that is partitioned; for good")] = 1,
    replication: Annotated[int, typer.Option(min=1, help="how many brokers keep each message")] = 1,
) -> None:
    """Create what is missing; what exists stays as it is. A second call creates nothing."""
    _, tenants = configured(config)
    made = _asked(log, lambda admin: admin.create(sorted(tenants), partitions, replication))
    for name in made:
        Console().print(f"created {name}", markup=False)
    Console().print(f"{len(made)} topics created")


@app.command(epilog="Example: [bold]stanch topics check --config stanch.yaml --log kafka://127.0.0.1:9092[/bold]")
def check(log: Address, config: Config) -> None:
    """Say what is wrong with the topics, and the cure; exit status 1 if anything is."""
    _, tenants = configured(config)
    problems = _asked(log, lambda admin: admin.problems(sorted(tenants)))
    for problem in problems:
        Console().print(problem, markup=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    Console().print("all topics are as declared")


def _asked(log: str, work: Callable[[KafkaAdmin], Awaitable[ResultT]]) -> ResultT:
    address = kafka_address(log)

    async def ask() -> ResultT:
        async with address.admin() as admin:
            return await work(admin)

    try:
        return asyncio.run(ask())
    except Unavailable as error:
        raise StartError(f"{address} does not answer: {error}") from error
