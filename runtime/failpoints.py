"""Places where a test may end or freeze this process, so that "kill -9 at any moment" is a list and not a hope.

``STANCH_FAILPOINT=label[:n]`` kills the process with SIGKILL when it reaches the label for the n-th time (1 unless said);
``STANCH_FAILPOINT_STOP=label[:n]`` freezes it with SIGSTOP until somebody continues it. Without them nothing happens.
"""

import os
import signal
import threading
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from runtime.errors import StartError

Label = Literal[
    # the log: around and inside a write
    "log.write.before",
    "log.write.begun",
    "log.write.appended",
    "log.write.complete",
    "log.write.committed",
    # the ledger: around a decision
    "ledger.decided",
    "ledger.committed",
    "ledger.acted",
    # respond: on the way of an effect to the product and back
    "respond.intent.committed",
    "respond.request.before",
    "respond.request.sent",
    "respond.response.received",
    "respond.outcome.committed",
    "respond.verify.before",
    "respond.release.decided",
    # notify: around a message to a human
    "notify.send.before",
    "notify.send.after",
]
LABELS: tuple[str, ...] = get_args(Label)

_SIGNALS = {"STANCH_FAILPOINT": signal.SIGKILL, "STANCH_FAILPOINT_STOP": signal.SIGSTOP}


@dataclass(slots=True)
class _Armed:
    """One failpoint of this process and how many reaches are left until it fires."""

    label: str
    left: int
    signal: signal.Signals


def reach(label: Label) -> None:
    """Say that the process is at ``label``.

    Raises:
        StartError: the environment names a label that does not exist.
    """
    for armed in _plan():
        if armed.label == label:
            armed.left -= 1
            if armed.left == 0:
                # sent to this very thread: a stop that another thread takes up would let this one run on for a while
                signal.pthread_kill(threading.get_ident(), armed.signal)


@cache
def _plan() -> tuple[_Armed, ...]:
    return tuple(_parse(os.environ[name], sent) for name, sent in _SIGNALS.items() if os.environ.get(name))


def _parse(text: str, sent: signal.Signals) -> _Armed:
    label, _, count = text.partition(":")
    if label not in LABELS or not (count or "1").isdecimal():
        raise StartError(f"failpoint {text!r}: expected label[:n] with one of {', '.join(LABELS)}")
    return _Armed(label, int(count or "1"), sent)
