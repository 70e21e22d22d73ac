"""Composition root: the normaliser as a worker, the HTTP door as an application."""

from collections.abc import Sequence

from fastapi import FastAPI

from runtime.deployment import Deployment
from runtime.process import Unit, main
from runtime.serving import Address
from runtime.worker import Worker
from services.ingest.adapters import load_sources
from services.ingest.core import Normalizer
from services.ingest.receivers.http_records import router
from services.ingest.receivers.tail_files import tailer
from services.ingest.settings import Settings
from services.ingest.stream import worker

DEFAULTS = Settings()


def normalizer(settings: Settings = DEFAULTS) -> Normalizer:
    """Return a normaliser that knows every source.

    Raises:
        PluginError, ConfigError: a source or a declared mapping is wrong.
    """
    return Normalizer(load_sources(settings.mappings))


def compose(deployment: Deployment, settings: Settings = DEFAULTS) -> Worker:
    """Return the process that turns ``records.*`` into ``events``.

    Raises:
        PluginError, ConfigError: a source or a declared mapping is wrong.
    """
    return worker(deployment, normalizer(settings), settings.hosts)


def receivers(deployment: Deployment, settings: Settings = DEFAULTS) -> Sequence[Worker]:
    """Return what else brings records in: files of this machine that are followed."""
    following = tailer(deployment, settings)
    return () if following is None else (following,)


def http_app(deployment: Deployment, settings: Settings = DEFAULTS) -> FastAPI:
    """Return the HTTP door as an application for any ASGI server."""
    app = FastAPI(title="Stanch ingest", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(deployment.log, deployment.tenants, deployment.clock, settings.http))
    return app


def address(settings: Settings) -> Address:
    """Return where the door listens."""
    return Address(settings.http.host, settings.http.port)


if __name__ == "__main__":
    main(Unit("services.ingest", "ingest", Settings, compose, receivers, http_app, address))
