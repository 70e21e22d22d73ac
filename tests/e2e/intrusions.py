"""Short intrusions, each with a machine and an account of its own, at a time of one's choice."""

import re
from dataclasses import dataclass

from lab.recording import Names, RecordingOptions, record
from lab.recording.names import ACCOUNTS, HOSTS
from schemas.times import MINUTE, SECOND, to_text

_STAMP = re.compile(rb'"@timestamp":"([^"]{24})"')
_BEFORE_THE_ATTACK = 12 * MINUTE
_LENGTH = 15 * SECOND
"""An intrusion is cut off a second after its hidden script began to run: by then it must be contained."""


@dataclass(frozen=True, slots=True)
class Intrusion:
    """One short intrusion: the records, in order, and whom it must cost what."""

    number: int
    tenant: str = "acme"

    @property
    def host(self) -> str:
        """The machine that is to be isolated."""
        return f"BENCH-{self.number:04d}"

    @property
    def account(self) -> str:
        """The account that is to be disabled."""
        return f"CORP\\bench.user{self.number:04d}"

    @property
    def addresses(self) -> tuple[str, str]:
        """Whence the intruder's file came, and whereto it speaks."""
        high, low = divmod(self.number, 200)
        return f"198.18.{high}.{1 + low}", f"198.19.{high}.{1 + low}"

    def records(self, now: int) -> bytes:
        """What its sensors say if it comes to its point at ``now``."""
        start = now - _BEFORE_THE_ATTACK - _LENGTH
        film = record(RecordingOptions(names=self._names(), benign_factor=0, seed=1_000 + self.number, start=start))
        lines = [film.lines[index] for index in film.labels["attack_lines"]]
        until = to_text(start + _BEFORE_THE_ATTACK + _LENGTH).encode()
        return b"".join(line for line in lines if time_of(line) < until)

    def _names(self) -> Names:
        high, low = divmod(self.number, 200)
        hosts = {**HOSTS, "finance": (self.host, f"10.20.{100 + high}.{1 + low}")}
        accounts = {**ACCOUNTS, "accountant": self.account.partition("\\")[2]}
        delivery, command = self.addresses
        return Names(hosts=hosts, accounts=accounts, delivery=delivery, command=command)


def time_of(line: bytes) -> bytes:
    """The instant that the line bears, in RFC 3339."""
    found = _STAMP.search(line)
    assert found is not None
    return found[1]
