"""schemas/examples: what producers and consumers of records and events agree on. Each record becomes exactly its event."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.event import EventHeaders
from schemas.identity import REPLAY_KEY
from services.ingest.__main__ import normalizer
from services.ingest.core import Context
from services.ingest.ports import Hints

EXAMPLES = Path(__file__).resolve().parents[3] / "schemas" / "examples"
RECORDS: list[dict[str, Any]] = orjson.loads((EXAMPLES / "records.json").read_bytes())
EVENTS: list[dict[str, Any]] = orjson.loads((EXAMPLES / "events.json").read_bytes())
PAIRS = list(zip(RECORDS, EVENTS, strict=True))


@pytest.mark.parametrize(("given", "wanted"), PAIRS, ids=[f"{one['source']}-{one['position']}" for one in RECORDS])
def test_a_record_becomes_its_event(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    context = Context("acme", REPLAY_KEY, given["source"], given["position"], Hints(**given["hints"]))
    made = normalizer().normalize(given["record"].encode(), context)
    assert orjson.loads(made.value) == wanted["event"]
    assert made.headers == EventHeaders.from_headers(wanted["headers"])
    assert (made.entity, str(int(made.mapped)), made.quality) == (
        wanted["entity"], wanted["headers"]["mapped"], wanted["headers"]["time-quality"],
    )  # fmt: skip
