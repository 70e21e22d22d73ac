"""An image that came from the internet starts: it bears the mark of the web."""

from collections.abc import Iterator
from typing import Final

from schemas.entity import canonical_address
from schemas.fact import FileWritten
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import DOWNLOADED, EXPLORER, OUTSIDE, ref, started, written


def marks(view: View, process: Process) -> list[FileWritten]:
    """Return the marks of the web on the image of ``process``."""
    if not process.image or process.start is None:
        return []
    written = view.facts(("written", process.host, process.image))
    return [fact for fact in written if isinstance(fact, FileWritten) and fact.marked]


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak where the image is marked; loudly where its origin is a bare address."""
    if not isinstance(node, Process):
        return
    found = marks(view, node)
    if found:
        origins = sorted({origin for mark in found for origin in mark.origins})
        bare = any(canonical_address(origin) for origin in origins)
        why = f"{base(node.image)} on {node.host} was downloaded{' from ' + ', '.join(origins[:3]) if origins else ''}"
        yield EVIDENCE.says(node, Level.HIGH if bare else Level.MEDIUM, node.first, node.event, why)


EVIDENCE: Final[Evidence] = Evidence(
    name="foreign_image",
    title="Downloaded image starts",
    observe=observe,
    examples=(
        Example(
            "the image bears the mark of the web, which comes to light after it started",
            (started(DOWNLOADED), written(DOWNLOADED, ref("\\program files\\browser\\chrome.exe", 70), OUTSIDE)),
            speaks=True,
        ),
        Example(
            "the image was written without a mark",
            (written(DOWNLOADED, ref(EXPLORER, 50)), started(DOWNLOADED)),
            speaks=False,
        ),
    ),
    anchor="foreign",
    tactics=("initial-access", "execution"),
)
