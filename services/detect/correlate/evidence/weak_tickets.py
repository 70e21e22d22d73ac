"""One account asks for several tickets under ciphers that can be broken offline: kerberoasting."""

from collections.abc import Iterator
from typing import Final

from schemas.finding import Level
from schemas.times import SECOND
from services.detect.correlate.core.nodes import Node, Observation, Principal
from services.detect.correlate.core.view import View
from services.detect.correlate.core.window import crowded
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import ticket

SERVICES: Final = 3
WINDOW: Final = 120 * SECOND


def roasted(view: View, principal: Principal) -> tuple[str, ...]:
    """Return the services whose tickets were asked for in one window; none where they are too few."""
    tickets = view.facts(("tickets", principal.account, principal.workstation or principal.address))
    return crowded([(fact.time, fact.service) for fact in tickets], SERVICES, WINDOW)


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per account and source."""
    if not isinstance(node, Principal) or not node.account:
        return
    services = roasted(view, node)
    if services:
        first = view.facts(("tickets", node.account, node.workstation or node.address))[0]
        why = f"{node.account} asked for {len(services)} tickets under a weak cipher"
        yield EVIDENCE.says(node, Level.HIGH, first.time, first.event, why)


EVIDENCE: Final[Evidence] = Evidence(
    name="weak_tickets",
    title="Tickets under a weak cipher",
    observe=observe,
    examples=(
        Example("three services under RC4", tuple(ticket(f"sql{n}", 10 + n, weak=True) for n in range(3)), speaks=True),
        Example(
            "three services under AES", tuple(ticket(f"sql{n}", 10 + n, weak=False) for n in range(3)), speaks=False
        ),
        Example(
            "three services, an hour apart",
            tuple(ticket(f"sql{n}", 3600 * n, weak=True) for n in range(3)),
            speaks=False,
        ),
    ),
    anchor="cred",
    tactics=("credential-access",),
)
