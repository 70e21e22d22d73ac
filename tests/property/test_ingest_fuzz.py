"""A taste of ``python -m tests.fuzz_ingest``: no crash, nothing lost, and most records reach a mapper."""

import os

from tests.fuzz_ingest import fuzz

RECORDS = int(os.environ.get("STANCH_FUZZ_RECORDS", "4000"))


def test_every_fuzzed_record_is_an_event_or_refused() -> None:
    found = fuzz(RECORDS, seed=11)
    assert found["records"] == RECORDS == found["normalized"] + found["base"] + found["refused"]
    assert found["reached"] >= 0.70 * RECORDS
