"""Instants are integers: milliseconds since the epoch, UTC. Text is RFC 3339 with milliseconds."""

from datetime import UTC, datetime

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def to_text(instant: int) -> str:
    """Return ``instant`` as ``2026-01-08T21:28:34.017Z``."""
    moment = datetime.fromtimestamp(instant // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{instant % SECOND:03d}Z"


def text_or_none(instant: int | None) -> str | None:
    """Return the text of ``instant``, or None where nothing happened yet."""
    return None if instant is None else to_text(instant)


def from_text(text: str) -> int:
    """Return the instant that an RFC 3339 text names; a text without a zone is UTC.

    Raises:
        ValueError: the text is no date and time.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * SECOND)
