"""Bystanders: controllers and machine accounts that findings touch; named so that one sees that they were spared."""

from collections.abc import Iterable
from typing import Final

from schemas.entity import AssetClass, EntityType, Role
from schemas.times import MINUTE
from services.detect.correlate.core.filing_findings import MENTION
from services.detect.correlate.core.view import View
from services.detect.correlate.roles.casting import Casting
from services.detect.correlate.roles.hosts import why_controller

AROUND: Final = 30 * MINUTE
_OWN: Final = "a machine account: the host's own, no person's; never disabled"


def cast_bystanders(view: View, casting: Casting, first: int, last: int) -> None:
    """Add whom findings named around the time of the story: controllers anywhere, machine accounts beside its hosts."""
    hosts = {name for kind, name in casting.parts if kind is EntityType.HOST}
    for host in sorted(view.controllers() - hosts):
        windows = ((host, window) for window in view.read(("mentioned", host)))
        for since, until in _around(windows, first, last).values():
            _spare_host(view, casting, host, since, until)
    beside = (named for host in hosts for named in view.read(("beside", host)))
    for account, (since, until) in sorted(_around(beside, first, last).items()):
        part = casting.give(EntityType.ACCOUNT, account, Role.INFRASTRUCTURE, _OWN, since, last=until)
        part.asset_class = AssetClass.MACHINE_ACCOUNT
        part.forced = (Role.INFRASTRUCTURE, _OWN)


def _spare_host(view: View, casting: Casting, host: str, since: int, until: int) -> None:
    why = why_controller(view, host)
    if why:
        part = casting.give(EntityType.HOST, host, Role.INFRASTRUCTURE, why, since, last=until)
        part.asset_class = AssetClass.DOMAIN_CONTROLLER
        part.forced = (Role.INFRASTRUCTURE, why)


def _around(named: Iterable[tuple[str, int]], first: int, last: int) -> dict[str, tuple[int, int]]:
    """Return who was named around the time of the story, and when, to ten minutes."""
    found: dict[str, tuple[int, int]] = {}
    for name, window in named:
        begin, end = window * MENTION, (window + 1) * MENTION
        if end >= first - AROUND and begin <= last + AROUND:
            since, until = found.get(name, (begin, end))
            found[name] = min(since, begin), max(until, end)
    return found
