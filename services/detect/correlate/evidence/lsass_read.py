"""LSASS is read: by an image from a user's path, or by a launcher of the operating system out of no module.

Frames without a module in managed code are no evidence: what is neither launcher nor foreign gives no anchor.
"""

from collections.abc import Iterator
from typing import Final

from schemas.fact import CredentialAccess
from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base, in_user_path, is_hub
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import DOWNLOADED, INSTALLED, SVCHOST, lsass_opened, ref

_GUARDIANS: Final = frozenset({"csrss.exe", "wininit.exe", "lsass.exe"})


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per reader."""
    if not isinstance(node, Process) or base(node.image) in _GUARDIANS:
        return
    reads = [deed for deed in view.deeds(node) if isinstance(deed, CredentialAccess)]
    hard = in_user_path(node.image) or is_hub(node.image)
    telling = [read for read in reads if in_user_path(node.image) or read.unbacked]
    if telling:
        first = telling[0]
        why = f"{base(node.image)} on {node.host} read the memory of LSASS with rights {first.rights:#x}"
        level = Level.HIGH if hard else Level.MEDIUM
        yield EVIDENCE.says(node, level, first.time, first.event, why, anchor="cred" if hard else "")


EVIDENCE: Final[Evidence] = Evidence(
    name="lsass_read",
    title="LSASS memory read",
    observe=observe,
    examples=(
        Example("read by a foreign image", (lsass_opened(ref(DOWNLOADED, 100), unbacked=False),), speaks=True),
        Example("read by a launcher out of no module", (lsass_opened(ref(SVCHOST, 90), unbacked=True),), speaks=True),
        Example("read by an installed sensor", (lsass_opened(ref(INSTALLED, 80), unbacked=False),), speaks=False),
    ),
    anchor="cred",
    tactics=("credential-access",),
)
