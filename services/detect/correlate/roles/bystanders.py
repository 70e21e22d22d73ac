"""Bystanders: controllers and machine accounts that findings touch; named so that one sees that they were spared."""

from typing import Final

from schemas.entity import AssetClass, EntityType, Role
from schemas.times import MINUTE
from services.detect.correlate.core.filing_findings import MENTION
from services.detect.correlate.core.view import View
from services.detect.correlate.roles.casting import Casting
from services.detect.correlate.roles.hosts import why_controller

BEFORE: Final = 30 * MINUTE
_OWN: Final = "a machine account: the host's own, no person's; never disabled"

Spans = dict[str, tuple[int, int]]
"""Who was named, and when, to ten minutes."""


def cast_bystanders(view: View, casting: Casting, first: int, last: int) -> None:
    """Add whom findings named in the half hour before the story or during it: controllers, machine accounts beside its hosts.

    What comes later changes nothing: a story that is over is not told anew because a controller is at work.
    """
    windows = range((first - BEFORE) // MENTION, last // MENTION + 1)
    hosts = {name for kind, name in casting.parts if kind is EntityType.HOST}
    named, beside = _named(view, view.controllers() - hosts, windows), _beside(view, hosts, windows)
    for host, (since, until) in sorted(named.items()):
        why = why_controller(view, host)
        if why:
            part = casting.give(EntityType.HOST, host, Role.INFRASTRUCTURE, why, since, last=until)
            part.asset_class = AssetClass.DOMAIN_CONTROLLER
            part.forced = (Role.INFRASTRUCTURE, why)
    for account, (since, until) in sorted(beside.items()):
        part = casting.give(EntityType.ACCOUNT, account, Role.INFRASTRUCTURE, _OWN, since, last=until)
        part.asset_class = AssetClass.MACHINE_ACCOUNT
        part.forced = (Role.INFRASTRUCTURE, _OWN)


def _named(view: View, hosts: frozenset[str], windows: range) -> Spans:
    found: Spans = {}
    for host in hosts:
        for window in windows:
            if view.read(("mentioned", host, window)):
                _widen(found, host, window)
    return found


def _beside(view: View, hosts: set[str], windows: range) -> Spans:
    found: Spans = {}
    for host in hosts:
        for window in windows:
            for account in view.read(("beside", host, window)):
                _widen(found, account, window)
    return found


def _widen(found: Spans, name: str, window: int) -> None:
    begin, end = window * MENTION, (window + 1) * MENTION
    since, until = found.get(name, (begin, end))
    found[name] = min(since, begin), max(until, end)
