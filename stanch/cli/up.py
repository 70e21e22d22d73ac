"""`stanch up`: all services in one process, on the embedded log or on Kafka."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import structlog
import typer

from runtime.clock import Clock, WallClock
from runtime.config import placed
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.errors import ConfigError
from runtime.home import alone, log_path, state_home
from runtime.log import Log
from runtime.log_address import KafkaAddress, kafka_address
from runtime.logs import setup_logs
from runtime.required_topics import check_topics
from runtime.serving import Address, Chore, close, listen, run
from runtime.supervision import KeepsCrashing
from schemas.tenant import Tenant
from services.ingest.__main__ import http_app
from stanch.assembly import Settings, assemble
from stanch.cli.config import configured
from stanch.cli.session import LogOption

Opened = tuple[Log, str, Chore | None]
Where = Callable[[Clock], Opened]
"""Opens the log: the log itself, the prefix of its groups, and what must be done for it now and then."""

EXAMPLE = "Example: [bold]stanch up --config deploy/example/stanch.yaml[/bold]"


def command(
    config: Annotated[Path, typer.Option(help="stanch.yaml; tenants/ lies beside it")],
    host: Annotated[str | None, typer.Option(help="address of the HTTP door, over the configuration's")] = None,
    port: Annotated[
        int | None, typer.Option(help="its port, over the configuration's; 0 takes a free one, which the log tells")
    ] = None,
    log: LogOption = None,
    member: Annotated[
        str | None, typer.Option(envvar="STANCH_MEMBER", help="on Kafka: this replica's name or ordinal, for good")
    ] = None,
) -> None:
    """Run everything in this process until interrupted. Without --log all state lives under STANCH_HOME."""
    setup_logs()
    kafka = None if log is None else kafka_address(log)
    settings, tenants = configured(config)
    door = settings.ingest.http
    address = Address(host or door.host, door.port if port is None else port)
    home = state_home()
    with alone(home), listen(address) as listener:
        try:
            where = _embedded(home) if kafka is None else _on_kafka(kafka, member)
            asyncio.run(_up(settings, tenants, home, where, listener))
        except ConfigError as error:
            raise ConfigError(placed(config, error.problems)) from error
        except KeepsCrashing as error:
            structlog.get_logger("up").error("gave up", reason=str(error))
            raise typer.Exit(1) from error


async def _up(
    settings: Settings, tenants: Mapping[str, Tenant], home: Path, where: Where, listener: socket.socket
) -> None:
    clock = WallClock()
    log, groups, chore = where(clock)
    deployment = Deployment(log, tenants, clock, home, group_prefix=groups)
    try:
        workers = assemble(lambda _: deployment, settings)
        app = http_app(deployment, settings.ingest)
        await run(workers, app, listener, chore=chore, check=lambda service: check_topics(log, service, tenants))
    finally:
        await close(log)


def _embedded(home: Path) -> Where:
    def opened(clock: Clock) -> Opened:
        log = EmbeddedLog(log_path(home), clock)
        return log, "", lambda: log.trim(clock.now())

    return opened


def _on_kafka(address: KafkaAddress, member: str | None) -> Where:
    return lambda clock: (address.open(clock, member), address.group_prefix, None)
