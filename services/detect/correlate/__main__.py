"""Composition root of correlate."""

import structlog

from runtime.deployment import Deployment
from runtime.plugins import load_plugins
from runtime.process import Unit, main
from runtime.worker import Worker
from services.detect.correlate import evidence
from services.detect.correlate.core.budget import Budget
from services.detect.correlate.machine import CorrelateMachine
from services.detect.correlate.ports import Evidence
from services.detect.correlate.settings import Settings
from services.detect.correlate.shortness import telling
from services.detect.correlate.sigma_correlation.correlator import Correlator
from services.detect.correlate.sigma_correlation.load import load_correlations
from services.detect.correlate.stream import NAME, worker

_log = structlog.get_logger("correlate")


def compose(deployment: Deployment, settings: Settings | None = None) -> Worker:
    """Return correlate, ready to be started.

    Raises:
        PluginError: a rule on facts breaks its contract.
    """
    settings = settings or Settings()
    known = load_plugins(evidence, "EVIDENCE", Evidence).values()
    rules = tuple(rule for rule in known if not {rule.name, rule.title} & set(settings.without))
    loaded = load_correlations(settings.directories, settings.stages)
    for problem in loaded.problems:
        _log.warning("correlation rule refused", file=problem.file, line=problem.line, reason=problem.reason)
    machine = CorrelateMachine(
        deployment.tenants,
        rules,
        lambda tenant: Correlator(tenant, loaded.rules),
        settings.watermark_ms,
        Budget(settings.most_entries, telling(NAME)),
    )
    return worker(deployment, machine, settings.lookback_ms)


if __name__ == "__main__":
    main(Unit("services.detect.correlate", "correlate", Settings, compose))
