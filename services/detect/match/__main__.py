"""Composition root of match."""

import structlog

from runtime.deployment import Deployment
from runtime.errors import ConfigError
from runtime.process import Unit, main
from runtime.stream import StreamWorker
from runtime.worker import Worker
from schemas.topics import EVENTS
from services.detect.match.core.engine import Engine
from services.detect.match.fast.engine import FastEngine
from services.detect.match.load import load
from services.detect.match.meter import NAME
from services.detect.match.ports import MatchEngine
from services.detect.match.settings import Settings
from services.detect.match.stream import BATCH, Matcher

_log = structlog.get_logger("match")


def compose(deployment: Deployment, settings: Settings | None = None) -> Worker:
    """Return the process that runs every rule on every event.

    A rule that is broken is refused and named with file and line; the others run. Reads the rule files now: some seconds
    for thousands.

    Raises:
        ConfigError: a folder of rules does not exist; it would be missed only when the attack is.
    """
    settings = settings or Settings()
    missing = [
        f"match.rules.{place}: {path} does not exist" for place, path in enumerate(settings.rules) if not path.exists()
    ]
    if missing:
        raise ConfigError(tuple(missing))
    compiled = load(settings.directories, settings.placeholders, settings.stages)
    for problem in compiled.problems:
        _log.warning("rule refused", file=problem.file, line=problem.line, reason=problem.reason)
    _log.info("rules", total=compiled.total, compiled=len(compiled.rules))
    engine: MatchEngine = FastEngine(compiled.rules) if settings.engine == "fast" else Engine(compiled.rules)
    return StreamWorker(deployment, NAME, (EVENTS.name,), handle_batch=Matcher(engine).handle_batch, limit=BATCH)


if __name__ == "__main__":
    main(Unit("services.detect.match", "match", Settings, compose))
