"""A person's account asks a domain controller for the secrets of the directory."""

from collections.abc import Iterator
from typing import Final

from schemas.fact import CredentialUsed
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Session
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import is_person
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import PERSON, replicated


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per session."""
    if not isinstance(node, Session):
        return
    for fact in view.facts(("session", node.host, node.logon)):
        if isinstance(fact, CredentialUsed) and fact.method == "replication" and is_person(fact.actor):
            why = f"{fact.actor} replicated directory secrets from {node.host}"
            yield EVIDENCE.says(node, Level.CRITICAL, fact.time, fact.event, why)
            return


EVIDENCE: Final[Evidence] = Evidence(
    name="directory_replication",
    title="Directory replication by a person",
    observe=observe,
    examples=(
        Example("a person replicates", (replicated(PERSON),), speaks=True),
        Example("a controller replicates", (replicated("CORP\\dc2$"),), speaks=False),
    ),
    anchor="cred",
    tactics=("credential-access",),
)
