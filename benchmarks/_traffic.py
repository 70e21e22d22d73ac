"""Everyday traffic of a company that bears the present time."""

from itertools import cycle

from lab.recording import Names, RecordingOptions, record
from schemas.times import to_text
from tests.e2e.intrusions import time_of


class Everyday:
    """A company's ordinary traffic without any intrusion, endless."""

    def __init__(self, seed: int, factor: int) -> None:
        film = record(RecordingOptions(names=Names.scrambled(seed), benign_factor=factor, attack=False, seed=seed))
        self._lines = cycle(film.lines)

    def records(self, count: int, now: int) -> bytes:
        """Return the next ``count`` records as if they had happened just now."""
        return b"".join(_dated(next(self._lines), now) for _ in range(count))


def _dated(line: bytes, now: int) -> bytes:
    old, new = time_of(line), to_text(now).encode()
    return line.replace(old, new).replace(_spaced(old), _spaced(new))


def _spaced(stamp: bytes) -> bytes:
    return stamp[:-1].replace(b"T", b" ")
