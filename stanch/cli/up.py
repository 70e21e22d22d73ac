"""`stanch up`: all services in one process, on the embedded log."""

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import structlog
import typer

from runtime.clock import WallClock
from runtime.config import placed
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.errors import ConfigError
from runtime.logs import setup_logs
from schemas.tenant import Tenant
from services.ingest.__main__ import http_app
from stanch.assembly import Settings, assemble
from stanch.cli.config import configured
from stanch.home import alone, log_path, state_home
from stanch.live import Address, listen, run
from stanch.supervision import KeepsCrashing

EXAMPLE = "Example: [bold]stanch up --config deploy/example/stanch.yaml[/bold]"


def command(
    config: Annotated[Path, typer.Option(help="stanch.yaml; tenants/ lies beside it")],
    host: Annotated[str | None, typer.Option(help="address of the HTTP door, over the configuration's")] = None,
    port: Annotated[
        int | None, typer.Option(help="its port, over the configuration's; 0 takes a free one, which the log tells")
    ] = None,
) -> None:
    """Run everything on this machine until interrupted. State lives under STANCH_HOME."""
    setup_logs()
    settings, tenants = configured(config)
    door = settings.ingest.http
    address = Address(host or door.host, door.port if port is None else port)
    home = state_home()
    with alone(home), listen(address) as listener:
        try:
            asyncio.run(_up(settings, tenants, home, listener))
        except ConfigError as error:
            raise ConfigError(placed(config, error.problems)) from error
        except KeepsCrashing as error:
            structlog.get_logger("up").error("gave up", reason=str(error))
            raise typer.Exit(1) from error


async def _up(settings: Settings, tenants: Mapping[str, Tenant], home: Path, listener: socket.socket) -> None:
    clock = WallClock()
    log = EmbeddedLog(log_path(home), clock)
    deployment = Deployment(log, tenants, clock, home)
    try:
        workers = assemble(lambda _: deployment, settings)
        app = http_app(deployment, settings.ingest)
        await run(workers, app, listener, lambda: log.trim(clock.now()))
    finally:
        await log.close()
