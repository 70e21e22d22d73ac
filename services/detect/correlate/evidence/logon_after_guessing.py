"""An account logs on from where its password was guessed at: the last guess was right."""

from collections.abc import Iterator
from typing import Final

from schemas.fact import SessionOpened
from schemas.finding import Level
from schemas.times import SECOND
from services.detect.correlate.core.nodes import Node, Observation, Principal
from services.detect.correlate.core.view import View
from services.detect.correlate.evidence.password_spray import failures, opened_after, sprayed
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import HERE, PERSON, failed, logged_on

GUESSES: Final = 10
WINDOW: Final = 300 * SECOND


def guessed(view: View, principal: Principal) -> list[SessionOpened]:
    """Return the sessions of accounts that failed ten times in five minutes from the same address, within the hour after.

    What a spray explains is that rule's.
    """
    if not principal.address:
        return []
    since: dict[str, int] = {}
    told, tried = set(sprayed(view, principal)), failures(view, principal)
    for account in {fact.account for fact in tried} - {""}:
        times = sorted(fact.time for fact in tried if fact.account == account)
        reached = (end for begin, end in zip(times, times[GUESSES - 1 :], strict=False) if end - begin <= WINDOW)
        first = next(reached, None)
        if first is not None and account.rpartition("\\")[2] not in told:
            since[account] = first
    return opened_after(view, principal, since.get)


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per source."""
    if isinstance(node, Principal):
        for opened in guessed(view, node)[:1]:
            why = f"{opened.account} logged on to {opened.host} from {node.address} after its password was guessed at"
            yield EVIDENCE.says(node, Level.HIGH, opened.time, opened.event, why)


EVIDENCE: Final[Evidence] = Evidence(
    name="logon_after_guessing",
    title="Logon after guessing",
    observe=observe,
    examples=(
        Example(
            "ten failures, then a logon from the same address",
            (*(failed(PERSON, second, HERE) for second in range(10)), logged_on(second=12)),
            speaks=True,
        ),
        Example(
            "a person who mistypes twice",
            (*(failed(PERSON, second, HERE) for second in range(2)), logged_on(second=12)),
            speaks=False,
        ),
        Example(
            "a logon before the guesses",
            (*(failed(PERSON, second, HERE) for second in range(20, 40)), logged_on(second=12)),
            speaks=False,
        ),
        Example(
            "a logon of another account",
            (*(failed("CORP\\adam", second, HERE) for second in range(10)), logged_on(second=12)),
            speaks=False,
        ),
    ),
    tactics=("initial-access",),
)
