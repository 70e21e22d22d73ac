"""Carriers: processes through which an intruder speaks to the outside."""

from services.detect.correlate.core.addresses import is_outside
from services.detect.correlate.core.nodes import Process
from services.detect.correlate.core.store import Span
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import SCRIPT_HOSTS, base, in_user_path


def is_carrier(view: View, process: Process) -> bool:
    """Whether the process can carry somebody else's code: a script host, a foreign image, an injected process."""
    return base(process.image) in SCRIPT_HOSTS or in_user_path(process.image) or view.injected(process) is not None


def calls_home(view: View, process: Process) -> list[tuple[str, int, Span]]:
    """Return the unexplained addresses that a carrier spoke to; of an injected process only since the injection."""
    if not is_carrier(view, process):
        return []
    injected = view.injected(process)
    since = injected if injected is not None and view.is_hub(process) else None
    return [
        (address, port, span)
        for address, port, span in view.peers(process)
        if (since is None or span.last >= since) and is_outside(view, process, address, port)
    ]
