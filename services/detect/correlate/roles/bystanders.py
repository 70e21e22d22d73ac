"""Bystanders: controllers, machine accounts and victims that findings touch; named so that one sees they were spared."""

from typing import Final

from schemas.entity import AssetClass, EntityType, Role
from schemas.times import MINUTE
from services.detect.correlate.core.filing_findings import MENTION
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import is_machine
from services.detect.correlate.roles.casting import Casting
from services.detect.correlate.roles.hosts import why_controller

AROUND: Final = 30 * MINUTE


def cast_bystanders(view: View, casting: Casting, first: int, last: int) -> None:
    """Add the domain controllers and machine accounts that findings named around the time of the story."""
    for host, (since, until) in _near(view, "host", first, last).items():
        why = why_controller(view, host)
        if why and (EntityType.HOST, host) not in casting.parts:
            part = casting.give(EntityType.HOST, host, Role.INFRASTRUCTURE, why, since, last=until)
            part.asset_class = AssetClass.DOMAIN_CONTROLLER
            part.forced = (Role.INFRASTRUCTURE, why)
    for account, (since, until) in _near(view, "account", first, last).items():
        if is_machine(account):
            why = "a machine account: the host's own, no person's; never disabled"
            part = casting.give(EntityType.ACCOUNT, account, Role.INFRASTRUCTURE, why, since, last=until)
            part.asset_class = AssetClass.MACHINE_ACCOUNT
            part.forced = (Role.INFRASTRUCTURE, why)


def _near(view: View, kind: str, first: int, last: int) -> dict[str, tuple[int, int]]:
    """Return who was named around the time of the story, and when, to ten minutes."""
    found: dict[str, tuple[int, int]] = {}
    for name, window in sorted(view.read(("mentions", kind))):
        begin, end = window * MENTION, (window + 1) * MENTION
        if end >= first - AROUND and begin <= last + AROUND:
            since, until = found.get(name, (begin, end))
            found[name] = min(since, begin), max(until, end)
    return found
