"""Puts the services together: the same composition roots for one process, for a replay, for a test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final, TextIO

import httpx
from pydantic import BaseModel, ConfigDict

from runtime.deployment import Deployment
from runtime.errors import ConfigError
from runtime.worker import Worker
from services.detect.context import __main__ as context
from services.detect.context.settings import Settings as ContextSettings
from services.detect.correlate import __main__ as correlate
from services.detect.correlate.settings import Settings as CorrelateSettings
from services.detect.match import __main__ as match
from services.detect.match.settings import Settings as MatchSettings
from services.detect.pulse import __main__ as pulse
from services.detect.pulse.settings import Settings as PulseSettings
from services.ingest import __main__ as ingest
from services.ingest.receivers.tail_files import tailer
from services.ingest.settings import Settings as IngestSettings
from services.notify import __main__ as notify
from services.notify.settings import Settings as NotifySettings
from services.respond import __main__ as respond
from services.respond.settings import Settings as RespondSettings


class Settings(BaseModel):
    """Every service's section of stanch.yaml."""

    model_config = ConfigDict(frozen=True)

    ingest: IngestSettings = IngestSettings()
    match: MatchSettings = MatchSettings()
    context: ContextSettings = ContextSettings()
    pulse: PulseSettings = PulseSettings()
    correlate: CorrelateSettings = CorrelateSettings()
    respond: RespondSettings = RespondSettings()
    notify: NotifySettings = NotifySettings()


SECTIONS: Final[Mapping[str, type[BaseModel]]] = MappingProxyType(
    {name: type(field.default) for name, field in Settings.model_fields.items()}
)
"""The sections by name."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Where services reach the world, where that is not the real one: the lab, a captured terminal."""

    products: httpx.AsyncBaseTransport | None = None
    terminals: Mapping[str, TextIO] | None = None


def assemble(
    deployment: Callable[[str], Deployment], settings: Settings, doors: Doors | None = None
) -> Sequence[Worker]:
    """Return all services, in the order in which data flows. ``deployment`` gives each its own.

    Raises:
        ConfigError: what one or more of them were given is wrong; lists every error of all.
        StartError: one refuses to start for another reason.
    """
    doors = doors or Doors()
    return _all_of(
        partial(tailer, deployment("ingest"), settings.ingest),
        partial(ingest.compose, deployment("ingest"), settings.ingest),
        partial(match.compose, deployment("match"), settings.match),
        partial(context.compose, deployment("context"), settings.context),
        partial(_pulse, deployment("pulse"), settings.pulse),
        partial(correlate.compose, deployment("correlate"), settings.correlate),
        partial(respond.compose, deployment("respond"), settings.respond, doors.products),
        partial(notify.compose, deployment("notify"), settings.notify, streams=doors.terminals),
    )


def _pulse(deployment: Deployment, settings: PulseSettings) -> Worker | None:
    """Return pulse where time is real: the end of a recording is no silence of its sources."""
    return None if deployment.virtual else pulse.compose(deployment, settings)


def _all_of(*roots: Callable[[], Worker | None]) -> Sequence[Worker]:
    workers: list[Worker] = []
    problems: list[str] = []
    for compose in roots:
        try:
            workers += filter(None, (compose(),))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(tuple(problems))
    return workers
