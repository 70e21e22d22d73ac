"""`stanch up`: all services in one process, on the embedded log."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from services.ingest.__main__ import http_app

from runtime.clock import WallClock
from runtime.config import Configuration, load
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from stanch.assembly import SECTIONS, assemble
from stanch.home import alone, log_path, state_home
from stanch.live import Address, run

EXAMPLE = "Example: [bold]stanch up --config deploy/example/stanch.yaml[/bold]"


def command(
    config: Annotated[Path, typer.Option(help="stanch.yaml; tenants/ lies beside it")],
    host: Annotated[str, typer.Option(help="address of the HTTP door")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="its port")] = 8080,
) -> None:
    """Run everything on this machine until interrupted. State lives under STANCH_HOME."""
    configuration = load(config, SECTIONS, os.environ)
    with alone(state_home()):
        asyncio.run(_up(configuration, state_home(), Address(host, port)))


async def _up(configuration: Configuration, home: Path, address: Address) -> None:
    clock = WallClock()
    log = EmbeddedLog(log_path(home), clock)
    deployment = Deployment(log, configuration.tenants, clock, home)
    try:
        workers = assemble(lambda _: deployment, configuration.settings)
        app = http_app(deployment, configuration.settings["ingest"])
        await run(workers, app, address)
    finally:
        await log.close()
