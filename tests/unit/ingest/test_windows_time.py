"""Which of a Windows event's times becomes event time."""

from typing import Any

import pytest

from schemas.times import from_text
from services.ingest.ports import TimeQuality
from services.ingest.windows.clock import event_time

RECEIPT = 17


@pytest.mark.parametrize(
    ("native", "expected", "quality"),
    [
        pytest.param(
            {"UtcTime": "2026-03-01 10:00:00.123", "TimeCreated": "2026-03-01T10:00:00.200Z"},
            "2026-03-01T10:00:00.123Z", TimeQuality.SENSOR, id="the sensor's own comes first",
        ),
        pytest.param(
            {"UtcTime": "2026-03-02 05:00:00.123", "TimeCreated": "2026-03-01T10:00:00.200Z"},
            "2026-03-01T10:00:00.200Z", TimeQuality.SYSTEM, id="unless the channel contradicts it by hours",
        ),
        pytest.param(
            {"EventTime": "2026-03-01 06:00:00", "@timestamp": "2026-03-01T10:00:09Z", "EventReceivedTime": "2026-03-01 06:00:09"},
            "2026-03-01T10:00:00.000Z", TimeQuality.INFERRED, id="a local time gets the zone that the receipt betrays",
        ),
        pytest.param({"@timestamp": "2026-03-01T10:00:09Z"}, "2026-03-01T10:00:09Z", TimeQuality.SHIPPER, id="the shipper's stamp"),
    ],
)  # fmt: skip
def test_the_best_time_wins(native: dict[str, Any], expected: str, quality: TimeQuality) -> None:
    time, found, _ = event_time(native.get, RECEIPT)
    assert (time, found) == (from_text(expected), quality)


def test_without_any_time_the_receipt_stands_in() -> None:
    assert event_time(lambda _: None, RECEIPT) == (RECEIPT, TimeQuality.RECEIPT, "")
