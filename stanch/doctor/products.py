"""The tenants' products: does each answer, know us, and tell our time?"""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from runtime.clock import WallClock
from schemas.tenant import Tenant
from schemas.times import SECOND
from services.respond.probing import Probed, probe
from services.respond.settings import Settings
from stanch.doctor.verdict import Verdict, warning, well, wrong

TOLERATED_SKEW: Final = 5 * SECOND
"""The response machine tells old acts from new by the products' instants."""


async def examine(tenants: Mapping[str, Tenant], settings: Settings) -> AsyncIterator[Verdict]:
    """Yield what is to be said of every connector."""
    for tenant in tenants.values():
        if not tenant.connectors:
            cure = f"add connectors to tenants/{tenant.slug}.yaml; until then everything is only proposed"
            yield warning(f"{tenant.slug}", "no connector: nothing can be contained", cure)
    for one in await probe(tenants, settings, WallClock().now):
        yield _verdict(one)


def _verdict(one: Probed) -> Verdict:
    what = f"{one.tenant}/{one.connector}"
    if one.failure:
        needed = f"; it needs {', '.join(one.rights)}" if one.rights else ""
        return wrong(what, f"{one.address} {one.failure}", f"mend address, network or credentials{needed}")
    if one.skew is not None and abs(one.skew) > TOLERATED_SKEW:
        told = f"its clock is {abs(one.skew) // SECOND} s {'ahead of' if one.skew > 0 else 'behind'} this machine's"
        return warning(what, told, "set this machine's clock by NTP (chrony, systemd-timesyncd)")
    return well(what, f"{one.address} answers and knows us")
