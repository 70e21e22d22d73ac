"""A dump of LSASS is written to a file."""

from collections.abc import Iterator
from typing import Final

from schemas.fact import FileWritten
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import CMD, ref, written


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per writer."""
    if not isinstance(node, Process):
        return
    dumps = [deed for deed in view.deeds(node) if isinstance(deed, FileWritten) and _is_dump(deed.path)]
    for dump in dumps[:1]:
        why = f"{base(node.image)} on {node.host} wrote {base(dump.path)}"
        yield EVIDENCE.says(node, Level.HIGH, dump.time, dump.event, why)


def _is_dump(path: str) -> bool:
    return "lsass" in base(path) and path.endswith(".dmp")


EVIDENCE: Final[Evidence] = Evidence(
    name="lsass_dump",
    title="LSASS dump file",
    observe=observe,
    examples=(
        Example("a dump of LSASS", (written("\\temp\\lsass.dmp", ref(CMD, 100)),), speaks=True),
        Example("a dump of another program", (written("\\temp\\notepad.dmp", ref(CMD, 100)),), speaks=False),
    ),
    anchor="cred",
    tactics=("credential-access",),
)
