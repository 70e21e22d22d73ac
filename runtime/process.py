"""One service as a process of its own: configuration, the log on Kafka, probes, supervision, an orderly end."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
import typer
from fastapi import FastAPI
from pydantic import BaseModel

from runtime.clock import Clock, VirtualClock, WallClock
from runtime.config import load, placed
from runtime.deployment import Deployment
from runtime.errors import ConfigError, StartError
from runtime.home import state_home
from runtime.kafka import KafkaLog
from runtime.log_address import FORM, KafkaAddress, kafka_address
from runtime.logs import setup_logs
from runtime.required_topics import check_topics
from runtime.serving import Address, close, listen, run
from runtime.supervision import KeepsCrashing
from runtime.worker import Worker
from schemas.tenant import Tenant

BAD_START: Final = 2
GAVE_UP: Final = 1


@dataclass(frozen=True, slots=True)
class Unit:
    """A service that runs by itself. ``section`` is its part of stanch.yaml, ``settings`` the model of that.

    ``beside`` makes what else runs in the process, its receivers. ``door`` makes the application that its probes join; ``address`` says where it listens unless an option does.
    """

    module: str
    section: str
    settings: type[BaseModel]
    compose: Callable[[Deployment, Any], Worker]
    beside: Callable[[Deployment, Any], Sequence[Worker]] = lambda _, __: ()
    door: Callable[[Deployment, Any], FastAPI] = lambda _, __: FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    address: Callable[[Any], Address] = lambda _: Address("127.0.0.1", 0)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    config: Path
    log: KafkaAddress
    host: str | None
    port: int | None
    member: str | None
    virtual: bool


def main(unit: Unit) -> None:
    """Run the service until a signal asks it to stop; the exit status is 2 where it refuses to start."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    example = f"python -m {unit.module} --config stanch.yaml --log kafka://127.0.0.1:9092 --port 8080"

    @app.command(help=f"Run {unit.section} as a process of its own.", epilog=f"Example: [bold]{example}[/bold]")
    def command(
        *,
        config: Annotated[Path, typer.Option(help="stanch.yaml; tenants/ lies beside it")],
        log: Annotated[str, typer.Option(envvar="STANCH_LOG", help=FORM)],
        host: Annotated[str | None, typer.Option(help="address of the probes and doors")] = None,
        port: Annotated[int | None, typer.Option(help="their port; 0 takes a free one, which the log tells")] = None,
        member: Annotated[
            str | None, typer.Option(envvar="STANCH_MEMBER", help="this replica's name or ordinal, for good")
        ] = None,
        virtual: Annotated[
            bool, typer.Option(help="a replay: time is what messages say, only the lab is real")
        ] = False,
    ) -> None:
        setup_logs()
        try:
            execute(unit, Options(config, kafka_address(log), host, port, member, virtual))
        except StartError as error:
            structlog.get_logger(unit.section).error("refused to start", reason=str(error))
            raise typer.Exit(BAD_START) from error
        except KeepsCrashing as error:
            structlog.get_logger(unit.section).error("gave up", reason=str(error))
            raise typer.Exit(GAVE_UP) from error

    app()


def execute(unit: Unit, options: Options) -> None:
    """Run ``unit`` until a signal asks it to stop.

    Raises:
        StartError: the configuration, the address or the topics are wrong.
        KeepsCrashing: it crashed again and again.
    """
    found = load(options.config, {unit.section: unit.settings}, os.environ)
    settings = found.settings[unit.section]
    address = unit.address(settings)
    port = address.port if options.port is None else options.port
    with listen(Address(options.host or address.host, port)) as listener:
        try:
            asyncio.run(_serve(unit, options, settings, found.tenants, listener))
        except ConfigError as error:
            raise ConfigError(placed(options.config, error.problems)) from error


async def _serve(
    unit: Unit, options: Options, settings: BaseModel, tenants: Mapping[str, Tenant], listener: socket.socket
) -> None:
    clock: Clock = VirtualClock() if options.virtual else WallClock()
    log: KafkaLog = options.log.open(WallClock(), options.member)
    deployment = Deployment(
        log, tenants, clock, state_home(), virtual=options.virtual, group_prefix=options.log.group_prefix
    )
    try:
        workers = [unit.compose(deployment, settings), *unit.beside(deployment, settings)]
        door = unit.door(deployment, settings)
        await run(workers, door, listener, check=lambda service: check_topics(log, service, tenants))
    finally:
        await close(log)
