"""Composition root of pulse."""

from runtime.deployment import Deployment
from runtime.process import Unit, main
from runtime.worker import Worker
from services.detect.pulse.settings import Settings
from services.detect.pulse.worker import PulseWorker


def compose(deployment: Deployment, settings: Settings | None = None) -> Worker:
    """Return the process that watches over sources and rules, on the log port alone: for all services in one process."""
    return PulseWorker(deployment, settings or Settings())


if __name__ == "__main__":
    from services.detect.pulse.faust_worker import compose_on_faust  # what runs all in one process does without Faust

    main(Unit("services.detect.pulse", "pulse", Settings, compose_on_faust))
