"""A process logs on with other credentials than its own."""

from collections.abc import Iterator
from typing import Final

from schemas.fact import CredentialUsed
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base, is_person
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import CMD, SVCHOST, explicit, ref


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per process."""
    if not isinstance(node, Process) or view.is_hub(node):
        return
    for deed in view.deeds(node):
        if isinstance(deed, CredentialUsed) and deed.method == "explicit" and is_person(deed.account):
            why = f"{base(node.image)} on {node.host} used the credentials of {deed.account}"
            yield EVIDENCE.says(node, Level.LOW, deed.time, deed.event, why)
            return


EVIDENCE: Final[Evidence] = Evidence(
    name="explicit_credentials",
    title="Explicit credentials",
    observe=observe,
    examples=(
        Example("a shell uses another account", (explicit("CORP\\admin", ref(CMD, 100)),), speaks=True),
        Example("a service host does", (explicit("CORP\\admin", ref(SVCHOST, 90)),), speaks=False),
    ),
    tactics=("lateral-movement",),
)
