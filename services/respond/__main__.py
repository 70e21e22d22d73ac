"""Composition root of respond."""

import httpx

from runtime.deployment import Deployment
from runtime.process import Unit, main
from runtime.worker import Worker
from services.respond.adapters import Hands
from services.respond.core import RespondMachine
from services.respond.playbook_files import load_playbooks
from services.respond.plugins import load_connectors, load_guards
from services.respond.products import open_products
from services.respond.rehearsal import LabTransport, Rehearsal, instant
from services.respond.settings import Settings
from services.respond.stream import RespondWorker


def compose(
    deployment: Deployment, settings: Settings | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> Worker:
    """Return respond, ready to be started.

    In a replay (``deployment.virtual``) every connector must lie below ``settings.lab``; ``transport`` leads there, or
    one of its own does, which leads nowhere else.

    Raises:
        ConfigError: playbooks or connectors are wrong; lists every error.
        PluginError: a guard or connector breaks its contract.
    """
    settings = settings or Settings()
    guards = load_guards()
    wire = LabTransport(settings.lab) if deployment.virtual and transport is None else transport
    client = httpx.AsyncClient(transport=wire, timeout=settings.http_timeout_ms / 1000, follow_redirects=False)
    own_time = isinstance(wire, LabTransport)
    products = open_products(
        deployment.tenants,
        load_connectors(),
        client,
        instant if own_time else deployment.clock.now,
        only_below=settings.lab if deployment.virtual else None,
    )
    machine = RespondMachine(deployment.tenants, load_playbooks(guards), guards, products.enforcers, settings.timings())
    hands = Hands(products.sessions, None if deployment.virtual else deployment.clock.now)
    actor = Rehearsal(hands) if own_time else hands
    return RespondWorker(deployment, machine, actor, client, settings.call_latency_ms)


if __name__ == "__main__":
    main(Unit("services.respond", "respond", Settings, compose))
