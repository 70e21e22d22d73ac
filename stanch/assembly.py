"""Puts the services together: the same composition roots for one process, for a replay, for a test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import httpx
from pydantic import BaseModel
from services.detect.context.settings import Settings as ContextSettings
from services.detect.correlate.settings import Settings as CorrelateSettings
from services.ingest.settings import Settings as IngestSettings
from services.notify.settings import Settings as NotifySettings

from runtime.deployment import Deployment
from runtime.worker import Worker
from services.detect.context import __main__ as context
from services.detect.correlate import __main__ as correlate
from services.detect.match import __main__ as match
from services.detect.match.settings import Settings as MatchSettings
from services.ingest import __main__ as ingest
from services.notify import __main__ as notify
from services.respond import __main__ as respond
from services.respond.settings import Settings as RespondSettings

SECTIONS: Final[Mapping[str, type[BaseModel]]] = MappingProxyType(
    {
        "ingest": IngestSettings,
        "match": MatchSettings,
        "context": ContextSettings,
        "correlate": CorrelateSettings,
        "respond": RespondSettings,
        "notify": NotifySettings,
    }
)
"""The sections of stanch.yaml, one a service."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Where services reach the world, where that is not the real one: the lab, a captured terminal."""

    products: httpx.AsyncBaseTransport | None = None
    channels: Mapping[str, Any] = MappingProxyType({})


def assemble(
    deployment: Callable[[str], Deployment], settings: Mapping[str, Any], doors: Doors | None = None
) -> Sequence[Worker]:
    """Return all services, in the order in which data flows. ``deployment`` gives each its own."""
    doors = doors or Doors()
    return (
        ingest.compose(deployment("ingest"), settings["ingest"]),
        match.compose(deployment("match"), settings["match"]),
        context.compose(deployment("context"), settings["context"]),
        correlate.compose(deployment("correlate"), settings["correlate"]),
        respond.compose(deployment("respond"), settings["respond"], doors.products),
        notify.compose(deployment("notify"), settings["notify"], doors.channels),
    )
