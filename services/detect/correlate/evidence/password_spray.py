"""Several accounts fail to log on from one process or one source: somebody guesses."""

from collections.abc import Callable, Iterator
from typing import Final

from schemas.fact import CredentialUsed, SessionOpened
from schemas.finding import Level
from schemas.times import HOUR, SECOND
from services.detect.correlate.core.nodes import Node, Observation, Principal, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base
from services.detect.correlate.core.window import crowded
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import failed

ACCOUNTS: Final = 5
WINDOW: Final = 300 * SECOND


def failures(view: View, node: Node) -> list[CredentialUsed]:
    """Return the failed logons that ``node`` tried."""
    if isinstance(node, Process):
        facts = view.deeds(node)
    elif isinstance(node, Principal) and not node.account:
        facts = view.facts(("tried", node.workstation or node.address))
    else:
        return []
    return [fact for fact in facts if isinstance(fact, CredentialUsed) and fact.method == "failure"]


def sprayed(view: View, node: Node) -> tuple[str, ...]:
    """Return the names of the accounts that were tried in one window; none where they are too few."""
    return crowded([(fact.time, fact.account.rpartition("\\")[2]) for fact in failures(view, node)], ACCOUNTS, WINDOW)


def opened_after(view: View, principal: Principal, since: Callable[[str], int | None]) -> list[SessionOpened]:
    """Return the sessions opened from the principal's address within an hour of what ``since`` says of their account."""
    return [
        opened
        for opened in view.facts(("from", principal.address))
        if (first := since(opened.account)) is not None and 0 <= opened.time - first <= HOUR
    ]


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per process or source."""
    names = sprayed(view, node)
    if names:
        first = failures(view, node)[0]
        if isinstance(node, Process):
            source = f"{base(node.image)} on {node.host}"
        else:
            source = node.workstation or node.address if isinstance(node, Principal) else node.id
        yield EVIDENCE.says(
            node, Level.HIGH, first.time, first.event, f"{len(names)} accounts failed to log on from {source}"
        )


EVIDENCE: Final[Evidence] = Evidence(
    name="password_spray",
    title="Password spray",
    observe=observe,
    examples=(
        Example("five accounts in a minute", tuple(failed(f"CORP\\u{n}", 10 + n) for n in range(5)), speaks=True),
        Example("one account, five times", tuple(failed("CORP\\u", 10 + n) for n in range(5)), speaks=False),
    ),
    anchor="spray",
    tactics=("credential-access",),
)
