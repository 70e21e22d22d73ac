r"""Signs that an event's bytes are not what its literals were made for.

A literal is sought as `orjson.dumps` would write it. Other writers escape more (``\u0041``, ``\/``), and put blanks between the
tokens of objects whose JSON may be what a rule compares: such an event is written anew. And a few letters beyond ASCII become
ASCII in lower case, or fold to it in an expression: of such an event the bytes say nothing. The signs are sought beside the literals.
"""

import re
from typing import Final

import orjson

ESCAPES: Final = (b"\\u", b"\\/")
FOLDING: Final = tuple(char.encode() for char in "\u0130\u0131\u017f\u212a")
"""Capital I with a dot, small i without, long s, the Kelvin sign."""
SPACED: Final = tuple(sign for blank in (b" ", b"\t", b"\n", b"\r") for sign in (b'":' + blank, b'"' + blank + b":"))
SIGNS: Final = (*ESCAPES, *FOLDING, *SPACED)
_INNER: Final = re.compile(rb'"\s*:\s*[{\[]')


def is_foreign(event: bytes, sign: bytes) -> bool:
    """Whether an event with this sign has to be written anew; blanks matter only where there are inner objects."""
    return sign in ESCAPES or (sign in SPACED and _INNER.search(event) is not None)


def canonical(event: bytes) -> bytes | None:
    """Return the event as its literals expect it; None where it cannot be written: it is no JSON, or too deep."""
    try:
        return orjson.dumps(orjson.loads(event))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
