"""Composition root: the normaliser as a worker, the HTTP door as an application."""

from fastapi import FastAPI

from runtime.deployment import Deployment
from runtime.worker import Worker
from services.ingest.adapters import load_sources
from services.ingest.core import Normalizer
from services.ingest.receivers.http_records import router
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


def http_app(deployment: Deployment, settings: Settings = DEFAULTS) -> FastAPI:
    """Return the HTTP door as an application for any ASGI server."""
    app = FastAPI(title="Stanch ingest", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(deployment.log, deployment.tenants, deployment.clock, settings.http))
    return app
