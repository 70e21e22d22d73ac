"""Bystanders: controllers, machine accounts and victims that findings touch; named so that one sees they were spared."""

from typing import Final

from schemas.entity import AssetClass, EntityType, Role
from schemas.times import MINUTE
from services.detect.correlate.core.store import Span
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import is_machine
from services.detect.correlate.roles.casting import Casting
from services.detect.correlate.roles.hosts import why_controller

AROUND: Final = 30 * MINUTE


def cast_bystanders(view: View, casting: Casting, first: int, last: int) -> None:
    """Add the domain controllers and machine accounts that findings named around the time of the story."""
    for host, span in _near(view, "host", first, last):
        why = why_controller(view, host)
        if why and (EntityType.HOST, host) not in casting.parts:
            part = casting.give(EntityType.HOST, host, Role.INFRASTRUCTURE, why, span.first, span.last)
            part.asset_class = AssetClass.DOMAIN_CONTROLLER
            part.forced = (Role.INFRASTRUCTURE, why)
    for account, span in _near(view, "account", first, last):
        if is_machine(account):
            why = "a machine account: the host's own, no person's; never disabled"
            part = casting.give(EntityType.ACCOUNT, account, Role.INFRASTRUCTURE, why, span.first, span.last)
            part.asset_class = AssetClass.MACHINE_ACCOUNT
            part.forced = (Role.INFRASTRUCTURE, why)


def _near(view: View, kind: str, first: int, last: int) -> list[tuple[str, Span]]:
    spans = sorted(view.read(("mentions", kind)).items())
    return [(name, span) for name, span in spans if span.last >= first - AROUND and span.first <= last + AROUND]
