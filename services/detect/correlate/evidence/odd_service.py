"""A service or task whose command is an interpreter, a pipe, or lies where everybody may write.

Tasks of the operating system call interpreters all day: of a task only a user's path or an encoded script is odd.
"""

import re
from collections.abc import Iterator
from typing import Final

from schemas.fact import Command
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Service
from services.detect.correlate.core.view import View
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import made

_PATHS: Final = ("\\temp\\", "\\users\\", "%temp%", "%tmp%", "\\perflogs\\", "\\\\127.0.0.1", "\\admin$\\")
_INTERPRETER = re.compile(
    r"%comspec%|\bcmd(?:\.exe)?\s+/|powershell|pwsh|mshta|rundll32|regsvr32|wscript|cscript|\\pipe\\", re.IGNORECASE
)


def observe(view: View, node: Node) -> Iterator[Observation]:  # noqa: ARG001 - a service knows its commands
    """Speak once per service."""
    if isinstance(node, Service) and any(_is_odd(node.form, command) for command in node.commands):
        why = f"the {node.form} {node.name} on {node.host} runs an interpreter, a pipe or a file of a user's path"
        yield EVIDENCE.says(node, Level.HIGH, node.made, node.event, why)


def _is_odd(form: str, command: Command) -> bool:
    line = command.text.lower()
    foreign = any(path in line for path in _PATHS) or (
        "\\programdata\\" in line and "\\programdata\\microsoft\\" not in line
    )
    if form == "task":
        return command.encoded or (foreign and "\\appdata\\local\\microsoft\\" not in line)
    return foreign or command.encoded or _INTERPRETER.search(line) is not None


EVIDENCE: Final[Evidence] = Evidence(
    name="odd_service",
    title="Odd service or task",
    observe=observe,
    examples=(
        Example("a service that is a shell", (made("%COMSPEC% /C start /b powershell -enc ..."),), speaks=True),
        Example("a service of an installed program", (made("C:\\Program Files\\vendor\\agent.exe"),), speaks=False),
        Example("a task that calls an interpreter", (made("rundll32.exe x.dll,Run", form="task"),), speaks=False),
    ),
    anchor="service",
    tactics=("persistence", "privilege-escalation", "execution"),
)
