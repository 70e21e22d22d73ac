"""Instants as the vendors write them."""

from datetime import UTC, datetime


def to_text(instant: int) -> str:
    """Return epoch milliseconds as ``2026-01-08T21:28:34.017Z``."""
    return f"{datetime.fromtimestamp(instant // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{instant % 1000:03d}Z"


def from_text(text: str) -> int:
    """Return the epoch milliseconds of an RFC 3339 text.

    Raises:
        ValueError: it is none, or names no zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no zone in {text!r}")
    return round(moment.timestamp() * 1000)
