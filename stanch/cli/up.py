"""`stanch up`: all services in one process, on the embedded log."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from runtime.clock import WallClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from schemas.tenant import Tenant
from services.ingest.__main__ import http_app
from stanch.assembly import Settings, assemble
from stanch.cli.config import configured
from stanch.home import alone, log_path, state_home
from stanch.live import Address, run

EXAMPLE = "Example: [bold]stanch up --config deploy/example/stanch.yaml[/bold]"


def command(
    config: Annotated[Path, typer.Option(help="stanch.yaml; tenants/ lies beside it")],
    host: Annotated[str, typer.Option(help="address of the HTTP door")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="its port")] = 8080,
) -> None:
    """Run everything on this machine until interrupted. State lives under STANCH_HOME."""
    settings, tenants = configured(config)
    with alone(state_home()):
        asyncio.run(_up(settings, tenants, state_home(), Address(host, port)))


async def _up(settings: Settings, tenants: Mapping[str, Tenant], home: Path, address: Address) -> None:
    clock = WallClock()
    log = EmbeddedLog(log_path(home), clock)
    deployment = Deployment(log, tenants, clock, home)
    try:
        workers = assemble(lambda _: deployment, settings)
        app = http_app(deployment, settings.ingest)
        await run(workers, app, address)
    finally:
        await log.close()
