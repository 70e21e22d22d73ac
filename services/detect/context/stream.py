"""The shell of context: one event in, its facts out."""

from collections.abc import Sequence

import orjson

from runtime.errors import Rejected
from runtime.log import Message, Received
from schemas.event import EventHeaders
from schemas.fact import Fact, encode
from schemas.identity import compose
from schemas.topics import FACTS
from services.detect.context.core import facts, may_carry
from services.detect.context.windows.fields import Native


def handle(received: Received, now: int) -> Sequence[Message]:  # noqa: ARG001 - every handler is given the time
    """Return the facts of the event ``received`` as messages on ``facts``.

    Raises:
        Rejected: it is no event.
    """
    try:
        headers = EventHeaders.from_headers(received.headers)
    except (KeyError, ValueError) as error:
        raise Rejected(f"no event: {error}") from error
    raw = headers.native(received.value)
    if not may_carry(headers.kind, raw):
        return ()
    native = _decode(raw)
    return [_message(received.tenant, fact) for fact in facts(headers.kind, native, headers.time, headers.uid)]


def _decode(raw: bytes) -> Native:
    try:
        native = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Rejected(f"the native object is no JSON: {error}") from error
    if not isinstance(native, dict):
        raise Rejected("the native object is no object")
    return native


def _message(tenant: str, fact: Fact) -> Message:
    return Message(
        topic=FACTS.name,
        tenant=tenant,
        key=compose(tenant, fact.host),
        value=encode(fact),
        headers={"cause": fact.event},
    )
