"""Composition root of respond."""

import httpx

from runtime.deployment import Deployment
from runtime.errors import StartError
from runtime.worker import Worker
from services.respond.adapters import Hands
from services.respond.core import RespondMachine
from services.respond.playbook_files import load_playbooks
from services.respond.plugins import load_connectors, load_guards
from services.respond.products import open_products
from services.respond.settings import Settings
from services.respond.stream import RespondWorker


def compose(
    deployment: Deployment, settings: Settings | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> Worker:
    """Return respond, ready to be started.

    In a replay (``deployment.virtual``) every connector must lie below ``settings.lab``, and ``transport`` leads there.

    Raises:
        ConfigError: playbooks or connectors are wrong; lists every error.
        PluginError: a guard or connector breaks its contract.
        StartError: a replay without a transport to the lab.
    """
    settings = settings or Settings()
    if deployment.virtual and transport is None:
        raise StartError("respond: a replay needs a transport to the lab; it never opens a connection of its own")
    guards = load_guards()
    client = httpx.AsyncClient(transport=transport, timeout=settings.http_timeout_ms / 1000, follow_redirects=False)
    lab = settings.lab if deployment.virtual else None
    products = open_products(deployment.tenants, load_connectors(), client, deployment.clock.now, only_below=lab)
    machine = RespondMachine(deployment.tenants, load_playbooks(guards), guards, products.enforcers, settings.timings())
    hands = Hands(products.sessions, None if deployment.virtual else deployment.clock.now)
    return RespondWorker(deployment, machine, hands, client, settings.call_latency_ms)
