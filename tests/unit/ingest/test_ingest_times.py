"""Which of a record's times is event time, and how times are read."""

from typing import Any

import pytest

from schemas.times import from_text
from services.ingest.instants import epoch_seconds, instant_of, offset_between, with_year
from services.ingest.ports import TimeQuality
from services.ingest.windows.clock import event_time

UTC_8 = from_text("2024-03-05T08:15:01.250Z")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-03-05 08:15:01.250", UTC_8),
        ("2024-03-05T08:15:01.250Z", UTC_8),
        ("2024-03-05T08:15:01.2500000Z", UTC_8),
        ("2024-03-05T08:15:01.25Z", UTC_8),
        ("2024-03-05T09:15:01.250+01:00", UTC_8),
        ("2024-03-05 08:15:01", UTC_8 - 250),
        ("2024-02-30 08:15:01", None),
        ("yesterday, at a quarter past", None),
        ("", None),
        (1_709_626_501, None),
        (None, None),
    ],
)
def test_a_text_names_an_instant_or_none(text: Any, instant: int | None) -> None:
    assert instant_of(text) == instant


@pytest.mark.parametrize(
    ("value", "instant"), [(1.5, 1500), ("2", 2000), (0, None), (-1, None), (1e15, None), (True, None), ("x", None)]
)
def test_seconds_since_the_epoch(value: Any, instant: int | None) -> None:
    assert epoch_seconds(value) == instant


@pytest.mark.parametrize(("lag", "offset"), [(37_000, 14_400_000), (0, 14_400_000), (-400_000, 14_400_000)])
def test_the_zone_is_what_the_receipt_times_betray_to_the_quarter_of_an_hour(lag: int, offset: int) -> None:
    assert offset_between(14_400_000 + lag, 0) == offset


TIMES = {
    "UtcTime": "2024-03-05 08:15:01.250",
    "TimeCreated": "2024-03-05T08:15:02Z",
    "EventTime": "2024-03-05 04:15:03",
    "EventReceivedTime": "2024-03-05 04:15:05",
    "@timestamp": "2024-03-05T08:15:42.000Z",
}


@pytest.mark.parametrize(
    ("lost", "instant", "quality"),
    [
        ((), UTC_8, TimeQuality.SENSOR),
        (("UtcTime",), UTC_8 + 750, TimeQuality.SYSTEM),
        (("UtcTime", "TimeCreated"), UTC_8 + 1750, TimeQuality.INFERRED),
        (("UtcTime", "TimeCreated", "EventReceivedTime"), UTC_8 + 40_750, TimeQuality.SHIPPER),
        (("UtcTime", "TimeCreated", "EventTime"), UTC_8 + 40_750, TimeQuality.SHIPPER),
        (tuple(TIMES), 7, TimeQuality.RECEIPT),
    ],
)
def test_the_best_time_that_is_left_is_event_time(lost: tuple[str, ...], instant: int, quality: TimeQuality) -> None:
    left = {name: text for name, text in TIMES.items() if name not in lost}
    assert event_time(left.get, 7)[:2] == (instant, quality)


def test_a_local_time_with_a_zone_needs_no_guess() -> None:
    native = {"EventTime": "2024-03-05T09:15:01.250+01:00"}
    assert event_time(native.get, 0)[:2] == (UTC_8, TimeQuality.SYSTEM)


@pytest.mark.parametrize(
    ("month", "day", "now", "wanted"),
    [
        (3, 5, "2024-03-05T12:00:00Z", "2024-03-05T08:00:00Z"),
        (12, 31, "2024-01-01T00:10:00Z", "2023-12-31T08:00:00Z"),
        (1, 1, "2023-12-31T23:59:00Z", "2024-01-01T08:00:00Z"),
        (3, 7, "2024-03-05T12:00:00Z", "2023-03-07T08:00:00Z"),
        (2, 29, "2026-03-05T12:00:00Z", "2024-02-29T08:00:00Z"),
    ],
)
def test_a_line_without_a_year_is_of_the_newest_that_fits(month: int, day: int, now: str, wanted: str) -> None:
    assert with_year(month, day, "08:00:00", from_text(now)) == from_text(wanted)


def test_a_day_that_no_year_has_is_no_time() -> None:
    assert with_year(2, 30, "08:00:00", UTC_8) is None
