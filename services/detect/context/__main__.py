"""Composition root of context."""

from runtime.deployment import Deployment
from runtime.process import Unit, main
from runtime.stream import StreamWorker
from runtime.worker import Worker
from schemas.topics import EVENTS
from services.detect.context.settings import Settings
from services.detect.context.stream import handle

NAME = "detect.context"


def compose(deployment: Deployment, settings: Settings | None = None) -> Worker:  # noqa: ARG001 - every root takes them
    """Return the process that takes the facts out of every event."""
    return StreamWorker(deployment, NAME, (EVENTS.name,), handle)


if __name__ == "__main__":
    main(Unit("services.detect.context", "context", Settings, compose))
