"""An account is created, or put into a group, by somebody who came over the network."""

from collections.abc import Iterator
from typing import Final

from schemas.fact import PrincipalChanged
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Session
from services.detect.correlate.core.view import View
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import account_created, logged_on


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per session."""
    if not isinstance(node, Session) or not node.is_remote:
        return
    for fact in view.facts(("session", node.host, node.logon)):
        if isinstance(fact, PrincipalChanged):
            deed = "created" if fact.change == "created" else "put into a group"
            why = f"{fact.account} was {deed} on {node.host} by {node.account} from another host"
            yield EVIDENCE.says(node, Level.MEDIUM, fact.time, fact.event, why)
            return


EVIDENCE: Final[Evidence] = Evidence(
    name="account_made",
    title="Account made over the network",
    observe=observe,
    examples=(
        Example("in a network session", (account_created("0x77"), logged_on()), speaks=True),
        Example("in a session of which nobody knows", (account_created("0x78"), logged_on()), speaks=False),
    ),
    tactics=("persistence",),
)
