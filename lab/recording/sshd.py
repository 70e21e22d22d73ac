"""A second, small recording: what sshd on a gateway writes to syslog while somebody guesses passwords, and succeeds."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from lab.recording.names import Names
from lab.recording.options import RecordingOptions

_GUESSED = ("root", "admin", "test", "oracle", "postgres", "ubuntu", "git", "ftpuser", "deploy", "support")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GATEWAY = "gateway"
_TIMES = 300


class NightLabels(TypedDict):
    """Canonical ids of what the guesser had, and the machine that it came to."""

    attacker_controlled: dict[str, list[str]]
    host: str


@dataclass(frozen=True)
class Night:
    """The lines in order of time, and what is to be concluded from them."""

    lines: tuple[bytes, ...]
    labels: NightLabels


class _Sshd:
    def __init__(self, names: Names, seed: int) -> None:
        self.names = names
        self.dice = random.Random(f"{seed}/sshd")  # noqa: S311 a recording, no secret
        self.written: list[tuple[int, str]] = []
        self._pid = 11_400

    def session(self, instant: int, lines: tuple[str, ...], step: int) -> None:
        """Write the lines of one connection, ``step`` milliseconds apart."""
        self._pid += self.dice.randint(1, 6)
        for number, line in enumerate(lines):
            self.written.append((instant + step * number, f"sshd[{self._pid}]: {line}"))

    def staff(self, instant: int, account: str, address: str) -> None:
        """Somebody of the staff works for a while, with a key."""
        port, digest = self.dice.randrange(40_000, 60_000), f"{self.dice.getrandbits(160):040x}"
        lines = (
            f"Accepted publickey for {account} from {address} port {port} ssh2: ED25519 SHA256:{digest}",
            f"pam_unix(sshd:session): session opened for user {account} by (uid=0)",
            f"Received disconnect from {address} port {port}:11: disconnected by user",
            f"Disconnected from user {account} {address} port {port}",
            f"pam_unix(sshd:session): session closed for user {account}",
        )
        self.session(instant, lines, 1_700)

    def typo(self, instant: int, account: str, address: str) -> None:
        """A password mistyped once, then typed right."""
        port = self.dice.randrange(40_000, 60_000)
        lines = (
            f"Failed password for {account} from {address} port {port} ssh2",
            f"Accepted password for {account} from {address} port {port} ssh2",
            f"pam_unix(sshd:session): session opened for user {account} by (uid=0)",
        )
        self.session(instant, lines, 4_000)

    def guess(self, instant: int, account: str, known: bool) -> None:
        """One wrong guess from outside."""
        port, address = self.dice.randrange(30_000, 60_000), self.names.command
        subject = account if known else f"invalid user {account}"
        head = () if known else (f"Invalid user {account} from {address} port {port}",)
        failed = f"Failed password for {subject} from {address} port {port} ssh2"
        closed = f"Connection closed by {'authenticating' if known else 'invalid'} user {account} {address} port {port} [preauth]"
        self.session(instant, (*head, failed, closed), 300)

    def break_in(self, instant: int, account: str) -> None:
        """The guess that was right, and a session."""
        port, address = self.dice.randrange(30_000, 60_000), self.names.command
        lines = (
            f"Accepted password for {account} from {address} port {port} ssh2",
            f"pam_unix(sshd:session): session opened for user {account} by (uid=0)",
        )
        self.session(instant, lines, 200)


def record_sshd(options: RecordingOptions | None = None) -> Night:
    """Return the gateway's lines for the options' span: staff at work, and where wanted one guessing attack that succeeds."""
    options = options or RecordingOptions()
    names = options.placed()
    sshd, end = _Sshd(names, options.seed), options.start + options.minutes * 60_000
    accounts, addresses = list(names.accounts.values()), [address for _, address in names.hosts.values()]
    for _ in range(_TIMES * options.benign_factor):
        at = sshd.dice.randrange(options.start, end)
        act = sshd.typo if sshd.dice.random() < 0.02 else sshd.staff
        act(at, sshd.dice.choice(accounts), sshd.dice.choice(addresses))
    if options.attack:
        _attack(sshd, options.start + 11 * 60_000)
    lines = tuple(_stamp(instant, text) for instant, text in sorted(sshd.written, key=lambda line: line[0]))
    return Night(lines, _label([names.accounts["backup"]], [names.command]) if options.attack else _label([], []))


def _attack(sshd: _Sshd, begins: int) -> None:
    stolen = sshd.names.accounts["backup"]
    for number in range(60):
        known = number % 6 == 5
        sshd.guess(begins + 2_100 * number, stolen if known else _GUESSED[number % len(_GUESSED)], known)
    sshd.break_in(begins + 2_100 * 60, stolen)


def _label(accounts: list[str], addresses: list[str]) -> NightLabels:
    return {"attacker_controlled": {"account": accounts, "address": addresses}, "host": GATEWAY}


def _stamp(instant: int, text: str) -> bytes:
    moment = datetime.fromtimestamp(instant // 1000, UTC)
    return f"{_MONTHS[moment.month - 1]} {moment.day:2d} {moment:%H:%M:%S} {GATEWAY} {text}\n".encode()
