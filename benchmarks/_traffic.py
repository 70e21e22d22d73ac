"""Everyday traffic of a company that bears the present time."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Final

from lab.recording import Names, RecordingOptions, record
from schemas.times import to_text
from tests.e2e.intrusions import time_of

_TOKEN: Final = b"-000000000700}"
"""How the ids of all processes of one recording end."""
_PID: Final = re.compile(rb'("(?:New|Parent|Source|Target|Execution)?Process(?:Id|ID)": ?"?)(0x[0-9a-f]+|[0-9]+)')
_SYSTEM, _PIDS, _MOST = 4, 5_000, 4_000_000
"""The system's own process; how far apart the ids of two days lie; where they begin anew."""


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
        token, shift = b"-%012x}" % day, (day - 0x700) * _PIDS
        for line in lines:
            yield _PID.sub(partial(_later, shift), line.replace(_TOKEN, token))


def _later(shift: int, found: re.Match[bytes]) -> bytes:
    """Return a process id as another day gives it out; the system's own stay."""
    name, number = found.groups()
    pid = int(number, 0)
    if pid <= _SYSTEM:
        return found[0]
    return name + (b"%#x" if number.startswith(b"0x") else b"%d") % ((pid + shift) % _MOST)
