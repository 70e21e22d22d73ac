"""What every output carries of its cause, and what the log would refuse."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runtime.errors import Oversize
from runtime.log import MAX_MESSAGE_BYTES, Message, Received
from schemas.topics import declared

CAUSATION = "causation"
_HEADROOM = 4096  # for what the runners themselves put into the headers


def cause_of(received: Received) -> str:
    """Return how outputs name ``received`` as their cause; what is no message of the log is named by its key."""
    return f"{received.topic}/{received.partition}/{received.key if received.offset < 0 else received.offset}"


def stamped(outputs: Sequence[Message], cause: str, stamp: Mapping[str, str]) -> list[Message]:
    """Return ``outputs`` with their cause and the virtual time; a cause that an output names itself stays."""
    return [replace(output, headers={CAUSATION: cause, **output.headers, **stamp}) for output in outputs]


def fitting(outputs: Sequence[Message]) -> Sequence[Message]:
    """Return ``outputs`` if the log will take them, so that one that does not fit fails alone and not with its batch.

    Raises:
        Oversize: one is too large.
        KeyError: nobody declared a topic.
    """
    for output in outputs:
        declared(output.topic)
        size = len(output.key.encode()) + len(output.value)
        size += sum(len(name) + 4 * len(text) + 6 for name, text in output.headers.items())
        if size > MAX_MESSAGE_BYTES - _HEADROOM:
            raise Oversize(f"an output of {size} bytes for {output.topic}; the log takes {MAX_MESSAGE_BYTES}")
    return outputs
