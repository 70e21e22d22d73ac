"""Which of a Windows event's times is event time.

The sensor's own first, unless the channel's contradicts it by minutes: then the sensor kept the time of a clock that has
been set since, and one host would live in two times at once. Then the channel's, then the shipper's local time with the
zone that its receipt times betray, then the shipper's stamp, which lags; at last the time of receipt.
"""

from typing import Final

from services.ingest.instants import has_zone, instant_of, offset_between
from services.ingest.ports import TimeQuality
from services.ingest.windows.objects import Get

Reading = tuple[int, TimeQuality, str]
_CONTRADICTION: Final = 10 * 60_000


def event_time(g: Get, at: int) -> Reading:
    """Return the event time in epoch milliseconds, how good it is, and its text as it stood."""
    channel = g("TimeCreated") or g("SystemTime")
    sensed, created = instant_of(g("UtcTime")), instant_of(channel)
    if sensed is not None and (created is None or abs(sensed - created) <= _CONTRADICTION):
        return sensed, TimeQuality.SENSOR, g("UtcTime")
    if created is not None:
        return created, TimeQuality.SYSTEM, channel
    text = g("EventTime")
    local = instant_of(text)
    if local is not None:
        return _zoned(g, local, text)
    text = g("@timestamp") or g("TimeGenerated")
    found = instant_of(text)
    return (found, TimeQuality.SHIPPER, text) if found is not None else (at, TimeQuality.RECEIPT, "")


def _zoned(g: Get, local: int, text: str) -> Reading:
    if has_zone(text):
        return local, TimeQuality.SYSTEM, text
    shipped, received = instant_of(g("@timestamp")), instant_of(g("EventReceivedTime"))
    if shipped is not None and received is not None:
        return local + offset_between(shipped, received), TimeQuality.INFERRED, text
    if shipped is not None:
        return shipped, TimeQuality.SHIPPER, g("@timestamp")
    return local, TimeQuality.INFERRED, text
