"""Any JSON: a declared mapping makes a source of its own out of it; without one a record becomes a base event with its fields.

A mapping is a YAML file that ``mappings`` of ingest's settings names; ``services/ingest/mapping/model.py`` says what it may
hold, ``services/ingest/README.md`` shows one.
"""

from typing import Final

from schemas.event import LogSource
from services.ingest.decoding import is_verbatim, object_of
from services.ingest.ports import Example, Hints, Parsed, Source
from services.ingest.unknown import base_event


def parse(record: bytes, hints: Hints) -> Parsed:
    """Return the base event of one JSON object.

    Raises:
        Rejected: no JSON object.
    """
    document = object_of(record)
    return base_event(document, record if is_verbatim(record) else None, "json", LogSource(), hints)


def recognises(record: bytes, hints: Hints) -> bool:  # noqa: ARG001  the contract's second argument
    """Whether it asks for it by itself: never, it is chosen by name."""
    return False


SOURCE: Final[Source] = Source(
    name="json_mapping",
    parse=parse,
    recognises=recognises,
    order=90,
    examples=(
        Example(
            b'{"timestamp":"2024-03-05T09:00:00Z","hostname":"app-1.corp.example","level":"info","text":"started"}',
            kind="json",
            class_uid=0,
            time=1_709_629_200_000,
            expected={"device.hostname": "app-1.corp.example"},
            native={"text": "started"},
        ),
    ),
)
