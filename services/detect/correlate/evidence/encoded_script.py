"""A hidden, encoded script: in the command line, in a child's word for its parent, or in the engine's own words."""

from collections.abc import Iterator
from typing import Final

from schemas.fact import Command
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import HIDDEN, POWERSHELL, started


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per process, of the most hidden form."""
    if not isinstance(node, Process) or view.inventory.is_automation(view.user(node)):
        return
    told = sorted(_told(view, node), key=lambda each: (not each[0].hidden, each[1], each[2]))
    for command, time, event in told[:1]:
        hidden = "hidden, " if command.hidden else ""
        why = f"{base(node.image) or 'a process'} on {node.host} runs a {hidden}encoded script"
        yield EVIDENCE.says(node, Level.HIGH if command.hidden else Level.MEDIUM, time, event, why)


def _told(view: View, process: Process) -> Iterator[tuple[Command, int, str]]:
    if process.command.encoded:
        yield process.command, process.start or 0, process.event
    for child in view.child_starts(process):
        if child.parent_command.encoded:
            yield child.parent_command, child.time, child.event
    for command, span in view.engines(process):
        yield command, span.first, span.event


EVIDENCE: Final[Evidence] = Evidence(
    name="encoded_script",
    title="Encoded script",
    observe=observe,
    examples=(
        Example("a hidden, encoded script", (started(POWERSHELL, command=HIDDEN),), speaks=True),
        Example("a plain shell", (started(POWERSHELL),), speaks=False),
    ),
    anchor="script",
    tactics=("execution", "defense-evasion"),
)
