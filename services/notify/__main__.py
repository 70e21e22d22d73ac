"""Composition root of notify."""

import sys
from collections.abc import Mapping
from typing import TextIO

import httpx

from runtime.deployment import Deployment
from runtime.plugins import load_plugins
from runtime.process import Unit, main
from runtime.worker import Worker
from services.notify import channels as built_in
from services.notify.adapters import Postman, Rehearsal, look_up
from services.notify.core import NotifyMachine
from services.notify.directory import contacts_of, options_of
from services.notify.ports import Channel, Outside, Sender
from services.notify.settings import Settings
from services.notify.stream import worker


def compose(
    deployment: Deployment,
    settings: Settings | None = None,
    channels: Mapping[str, Channel] | None = None,
    streams: Mapping[str, TextIO] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Worker:
    """Return notify, ready to be started.

    ``channels`` are added to those of the package and take the place of equal names; ``streams`` are where the terminal
    channel prints. ``transport`` replaces the network, and no environment variable diverts it. In a replay the package's
    own channels tell nobody, unless streams or a transport are given; those in ``channels`` do as they always do.

    Raises:
        ConfigError: a contact or a channel's options are wrong; lists every error.
        PluginError: a channel breaks its contract.
    """
    settings = settings or Settings()
    known = {**load_plugins(built_in, "CHANNEL", Channel), **(channels or {})}
    options = options_of(known, deployment.tenants, settings)
    outside = Outside(
        http=httpx.AsyncClient(transport=transport, trust_env=False),
        streams=streams or {"stdout": sys.stdout, "stderr": sys.stderr},
        resolve=look_up,
    )
    rehearsed = deployment.virtual and streams is None and transport is None
    senders: dict[str, Sender] = {
        name: Rehearsal() if rehearsed and name not in (channels or {}) else channel.open(options[name], outside)
        for name, channel in known.items()
    }
    contacts = {slug: tenant.contacts for slug, tenant in deployment.tenants.items()}
    renderers = {name: channel.render for name, channel in known.items()}
    machine = NotifyMachine(contacts, renderers, settings.timings(), settings.minimum_severity)
    return worker(deployment, machine, Postman(contacts_of(deployment.tenants), senders), settings.send_latency_ms)


if __name__ == "__main__":
    main(Unit("services.notify", "notify", Settings, compose))
