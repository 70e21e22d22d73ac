"""The services of a replay on Kafka: each a process of its own, started again when it is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import structlog

from runtime.errors import StartError

FLOW: Final = ("ingest", "detect.match", "detect.context", "detect.correlate", "respond", "notify")
"""The services in the order in which data flows; each is the module ``services.<name>``."""
STOP_SECONDS: Final = 15.0
KILLS: Final = 5
_SAID: Final = 4_000
_log = structlog.get_logger("replay")


@dataclass(slots=True)
class Member:
    """One process. ``failpoint`` is armed in its first life only."""

    service: str
    number: int
    command: Sequence[str]
    output: Path
    failpoint: str | None = None
    lives: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    _sink: IO[bytes] | None = None

    def start(self) -> None:
        """Begin a life."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("STANCH_FAILPOINT")}
        if self.failpoint is not None and self.lives == 0:
            environment["STANCH_FAILPOINT"] = self.failpoint
        self._sink = self.output.open("ab")
        self.process = subprocess.Popen(self.command, env=environment, stdout=self._sink, stderr=self._sink)  # noqa: S603 our own modules
        self.lives += 1

    def revive(self) -> None:
        """Start it again if it was killed.

        Raises:
            StartError: it ended by itself, or is killed again and again.
        """
        code = None if self.process is None else self.process.poll()
        if code is None:
            return
        self._close()
        if code != -signal.SIGKILL or self.lives > KILLS:
            raise StartError(f"{self.service} {self.number} ended with {code}:\n{self.said()}")
        _log.info("killed, starts again", service=self.service, member=self.number)
        self.start()

    def said(self) -> str:
        """Return the end of what it logged."""
        return self.output.read_text(errors="replace")[-_SAID:]

    def ask_to_stop(self) -> None:
        """Ask it to finish and leave."""
        if self.process is not None:
            self.process.terminate()

    def wait(self) -> None:
        """Return when it has ended; one that takes too long is killed."""
        if self.process is None:
            return
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self) -> None:
        self.process = None
        if self._sink is not None:
            self._sink.close()


@dataclass(slots=True)
class Crew:
    """All processes. ``failpoints`` name, per service, where its first member is killed once."""

    config: Path
    log: str
    folder: Path
    size: int = 1
    failpoints: Mapping[str, str] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)

    def start(self) -> None:
        """Start them."""
        self.members = [self._member(service, number) for service in FLOW for number in range(self.size)]
        for member in self.members:
            member.start()

    def revive(self) -> None:
        """Start those again that were killed.

        Raises:
            StartError: one ended by itself, or is killed again and again.
        """
        for member in self.members:
            member.revive()

    def stop(self) -> None:
        """Stop all and wait for them."""
        for member in self.members:
            member.ask_to_stop()
        for member in self.members:
            member.wait()

    @property
    def killed(self) -> Sequence[str]:
        """The services whose members were killed."""
        return [member.service for member in self.members if member.lives > 1]

    def _member(self, service: str, number: int) -> Member:
        options = ["--config", str(self.config), "--log", self.log, "--port", "0", "--virtual"]
        if self.failpoints:  # who comes back by name is back at once; who leaves with one keeps its group for a while
            options += ["--member", str(number)]
        return Member(
            service,
            number,
            [sys.executable, "-m", f"services.{service}", *options],
            self.folder / f"{service}-{number}.log",
            self.failpoints.get(service) if number == 0 else None,
        )
