"""Text that others wrote, made fit for a terminal."""

from rich.markup import escape


def plain(text: str) -> str:
    """Return ``text`` as it may be printed: whatever could move the cursor, turn the line round or mean markup is disarmed."""
    shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return escape(shown)
