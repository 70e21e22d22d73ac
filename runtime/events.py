"""Reading an event off the log, decoding no more of it than is asked for."""

from typing import Any

import orjson

from runtime.errors import Rejected
from runtime.log import Received
from schemas.event import EventHeaders


def headers_of(received: Received) -> EventHeaders:
    """Return the event's headers.

    Raises:
        Rejected: it is no event.
    """
    try:
        return EventHeaders.from_headers(received.headers)
    except (KeyError, ValueError) as error:
        raise Rejected(f"no event: {error}") from error


def native_object(raw: bytes) -> dict[str, Any]:
    """Return the native object whose bytes ``EventHeaders.native`` cut out.

    Raises:
        Rejected: it is no JSON object.
    """
    try:
        native = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Rejected(f"the native object is no JSON: {error}") from error
    if not isinstance(native, dict):
        raise Rejected("the native object is no object")
    return native
