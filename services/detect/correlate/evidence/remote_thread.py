"""A process starts a thread in another one: how an intruder moves into a process of the operating system."""

from collections.abc import Iterator
from typing import Final

from schemas.fact import RemoteThread
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base, in_user_path
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import DOWNLOADED, SVCHOST, injected, ref

_INSTALLED: Final = ("\\windows\\", "\\program files")


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per source; loudly where it lies in a user's path, or the thread starts in no module."""
    if not isinstance(node, Process):
        return
    threads = [deed for deed in view.deeds(node) if isinstance(deed, RemoteThread) and view.source_of(deed) is not None]
    if threads:
        loud = any(_is_loud(thread) for thread in threads)
        first = threads[0]
        why = f"{base(node.image)} on {node.host} started a thread in {base(first.target.image)}"
        yield EVIDENCE.says(node, Level.HIGH if loud else Level.MEDIUM, first.time, first.event, why)


def _is_loud(thread: RemoteThread) -> bool:
    source = thread.process.image
    return in_user_path(source) or (thread.unbacked and not source.startswith(_INSTALLED))


EVIDENCE: Final[Evidence] = Evidence(
    name="remote_thread",
    title="Thread in another process",
    observe=observe,
    examples=(
        Example(
            "a thread of a foreign image in a service host",
            (injected(ref(DOWNLOADED, 100), ref(SVCHOST, 90)),),
            speaks=True,
        ),
        Example("a thread of the same program", (injected(ref(DOWNLOADED, 100), ref(DOWNLOADED, 101)),), speaks=False),
        Example("a thread of a launcher", (injected(ref(SVCHOST, 90), ref(DOWNLOADED, 100)),), speaks=False),
    ),
    anchor="inject",
    tactics=("privilege-escalation", "defense-evasion"),
)
