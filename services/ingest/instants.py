"""Reading times as sources write them. Instants are epoch milliseconds."""

from calendar import timegm
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_QUARTER = 15 * 60_000
_DAY = 86_400_000
_LATEST = 32_503_680_000_000  # the year 3000: what lies beyond is no time but a broken number


def instant_of(text: object) -> int | None:
    """Return the instant that an ISO 8601 text names, one without a zone read as UTC; None where it names none."""
    if type(text) is not str or len(text) < 19:
        return None
    second = _second(text[:19])
    if second is None:
        return None
    rest = text[19:]
    if not rest:
        return second
    if len(rest) == 4 and rest[0] == "." and rest[1:].isdecimal():
        return second + int(rest[1:])
    if rest[0] == "." and (rest[-1] == "Z" or rest[-1].isdigit()):
        digits = rest[1:-1] if rest[-1] == "Z" else rest[1:]
        if digits.isdecimal() and digits.isascii():
            return second + int((digits + "00")[:3])
    return second if rest == "Z" else _whole(text)


def has_zone(text: str) -> bool:
    """Whether the time says where on earth it was read."""
    return text.endswith("Z") or "+" in text[19:] or "-" in text[19:]


def epoch_seconds(value: object) -> int | None:
    """Return the instant of a number of seconds since the epoch, fractions and all; None where it is none."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value * 1000 < _LATEST:
        return None
    return round(value * 1000)


def offset_between(utc: int, local: int) -> int:
    """Return the zone's offset that turns ``local`` into ``utc``, to the quarter of an hour."""
    return (utc - local + _QUARTER // 2) // _QUARTER * _QUARTER


def with_year(month: int, day: int, clock: str, at: int) -> int | None:
    """Return the newest instant of that month, day and ``hh:mm:ss`` which lies no more than a day after ``at``."""
    newest = datetime.fromtimestamp(max(at, 0) // 1000, UTC) + timedelta(days=1)
    for year in range(newest.year, newest.year - 5, -1):
        found = instant_of(f"{year:04d}-{month:02d}-{day:02d}T{clock}")
        if found is not None and found <= at + _DAY:
            return found
    return None


@lru_cache(maxsize=8192)
def _second(text: str) -> int | None:
    try:
        return timegm(datetime.fromisoformat(text).timetuple()) * 1000
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
