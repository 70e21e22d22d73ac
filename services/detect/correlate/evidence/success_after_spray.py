"""One of the sprayed accounts logs on from the same source afterwards: the guess was right."""

from collections.abc import Iterator
from typing import Final

from schemas.fact import SessionOpened
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Principal
from services.detect.correlate.core.view import View
from services.detect.correlate.evidence.password_spray import failures, opened_after, sprayed
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import HERE, failed, logged_on


def abused(view: View, principal: Principal) -> list[SessionOpened]:
    """Return the sessions that sprayed accounts opened from the same address within the hour."""
    names = set(sprayed(view, principal))
    if not names or not principal.address:
        return []
    first = failures(view, principal)[0].time
    return opened_after(view, principal, lambda account: first if account.rpartition("\\")[2] in names else None)


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per source."""
    if isinstance(node, Principal):
        for opened in abused(view, node)[:1]:
            why = f"{opened.account} logged on to {opened.host} from {node.address} after it was sprayed"
            yield EVIDENCE.says(node, Level.HIGH, opened.time, opened.event, why)


EVIDENCE: Final[Evidence] = Evidence(
    name="success_after_spray",
    title="Logon after a spray",
    observe=observe,
    examples=(
        Example(
            "a sprayed account logs on from the same address",
            (*(failed(f"CORP\\{name}", 5, HERE) for name in ("a", "b", "c", "d", "eve")), logged_on()),
            speaks=True,
        ),
        Example("an account logs on after one failure", (failed("CORP\\eve", 5, HERE), logged_on()), speaks=False),
    ),
    tactics=("initial-access",),
)
