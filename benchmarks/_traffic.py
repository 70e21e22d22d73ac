"""Everyday traffic of a company that bears the present time."""

from collections.abc import Iterator
from itertools import count
from typing import Final

from lab.recording import Names, RecordingOptions, record
from schemas.times import to_text
from tests.e2e.intrusions import time_of

_TOKEN: Final = b"-000000000700}"
"""How the ids of all processes of one recording end."""


class Everyday:
    """A company's ordinary traffic without any intrusion, endless: days that are alike, each with processes of its own."""

    def __init__(self, seed: int, factor: int) -> None:
        film = record(RecordingOptions(names=Names.scrambled(seed), benign_factor=factor, attack=False, seed=seed))
        self._lines = _days(film.lines)

    def records(self, count: int, now: int) -> bytes:
        """Return the next ``count`` records as if they had happened just now."""
        return b"".join(_dated(next(self._lines), now) for _ in range(count))


def _dated(line: bytes, now: int) -> bytes:
    old, new = time_of(line), to_text(now).encode()
    return line.replace(old, new).replace(_spaced(old), _spaced(new))


def _spaced(stamp: bytes) -> bytes:
    return stamp[:-1].replace(b"T", b" ")


def _days(lines: tuple[bytes, ...]) -> Iterator[bytes]:
    for day in count(0x700):
        token = b"-%012x}" % day
        for line in lines:
            yield line.replace(_TOKEN, token)
