"""What the benchmarks send: everyday traffic that bears the present time, and short intrusions of which each is its own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

from lab.recording import Names, RecordingOptions, record
from lab.recording.names import ACCOUNTS, HOSTS
from schemas.times import MINUTE, SECOND, to_text

_ISO = re.compile(rb'"@timestamp":"([^"]{24})"')
_BEFORE_THE_ATTACK = 12 * MINUTE
_LENGTH = 15 * SECOND
"""An intrusion is cut off a second after its hidden script began to run: by then it must be contained."""


@dataclass(frozen=True, slots=True)
class Intrusion:
    """One short intrusion: the records, in order, and whom it must cost what."""

    tenant: str
    number: int

    @property
    def host(self) -> str:
        """The machine that is to be isolated."""
        return f"BENCH-{self.number:04d}"

    @property
    def account(self) -> str:
        """The account that is to be disabled."""
        return f"CORP\\bench.user{self.number:04d}"

    def records(self, now: int) -> bytes:
        """Return what its sensors say if it comes to its point at ``now``."""
        start = now - _BEFORE_THE_ATTACK - _LENGTH
        film = record(RecordingOptions(names=self._names(), benign_factor=0, seed=1_000 + self.number, start=start))
        lines = [film.lines[index] for index in film.labels["attack_lines"]]
        until = to_text(start + _BEFORE_THE_ATTACK + _LENGTH).encode()
        return b"".join(line for line in lines if _time_of(line) < until)

    def _names(self) -> Names:
        high, low = divmod(self.number, 200)
        hosts = {**HOSTS, "finance": (self.host, f"10.20.{100 + high}.{1 + low}")}
        accounts = {**ACCOUNTS, "accountant": self.account.partition("\\")[2]}
        delivery, command = f"198.18.{high}.{1 + low}", f"198.19.{high}.{1 + low}"
        return Names(hosts=hosts, accounts=accounts, delivery=delivery, command=command)


class Everyday:
    """A company's ordinary traffic without any intrusion, endless."""

    def __init__(self, seed: int, factor: int) -> None:
        film = record(RecordingOptions(names=Names.scrambled(seed), benign_factor=factor, attack=False, seed=seed))
        self._lines = cycle(film.lines)

    def records(self, count: int, now: int) -> bytes:
        """Return the next ``count`` records as if they had happened just now."""
        return b"".join(_dated(next(self._lines), now) for _ in range(count))


def intrusions(tenants: Sequence[str], count: int) -> Iterator[Intrusion]:
    """Yield ``count`` intrusions, the tenants in turn."""
    return (Intrusion(tenants[number % len(tenants)], number) for number in range(count))


def _dated(line: bytes, now: int) -> bytes:
    old, new = _time_of(line), to_text(now).encode()
    return line.replace(old, new).replace(_spaced(old), _spaced(new))


def _time_of(line: bytes) -> bytes:
    found = _ISO.search(line)
    assert found is not None
    return found[1]


def _spaced(stamp: bytes) -> bytes:
    return stamp[:-1].replace(b"T", b" ")
