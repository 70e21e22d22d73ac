"""The shell of context: one event in, its facts out."""

from collections.abc import Sequence

from runtime.events import headers_of, native_object
from runtime.log import Message, Received
from schemas.fact import Fact, encode
from schemas.identity import compose
from schemas.topics import FACTS
from services.detect.context.core import facts, may_carry


def handle(received: Received, now: int) -> Sequence[Message]:  # noqa: ARG001 - every handler is given the time
    """Return the facts of the event ``received`` as messages on ``facts``.

    Raises:
        Rejected: it is no event.
    """
    headers = headers_of(received)
    raw = headers.native(received.value)
    if not may_carry(headers.kind, raw):
        return ()
    native = native_object(raw)
    return [_message(received.tenant, fact) for fact in facts(headers.kind, native, headers.time, headers.uid)]


def _message(tenant: str, fact: Fact) -> Message:
    return Message(
        topic=FACTS.name,
        tenant=tenant,
        key=compose(tenant, fact.host),
        value=encode(fact),
        headers={"cause": fact.event},
    )
