"""The product as it runs on Kafka: a broker, the lab, and every service a process of its own that is watched from outside."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import orjson

from runtime.log_address import KafkaAddress
from stanch.replay.crew import FLOW
from tests.e2e.processes import Home
from tests.servers import available, kafka
from tests.servers.kafka import Unobtainable

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0
GLANCE_SECONDS: Final = 0.01
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class BrokerAt:
    """Where a broker listens, what it is, and its process, where it is one of ours."""

    bootstrap: str
    what: str
    pid: int | None = None


@contextmanager
def a_broker() -> Iterator[BrokerAt]:
    """A broker of one's own; the one that the environment names, or a container, where there is no Java.

    Raises:
        Unobtainable: there is none to be had.
    """
    with ExitStack() as stack:
        if os.environ.get(kafka.ADDRESS):
            yield _shared(stack)
        else:
            yield _own(stack) or _shared(stack)


def _own(stack: ExitStack) -> BrokerAt | None:
    try:
        own = stack.enter_context(kafka.running_broker())
    except Unobtainable:
        return None
    return BrokerAt(own.bootstrap, "a process of this machine", own.pid)


def _shared(stack: ExitStack) -> BrokerAt:
    bootstrap, what = stack.enter_context(available.broker())
    return BrokerAt(bootstrap, what)


@dataclass(slots=True)
class Unit:
    """One service's process, and what it logged in its present life."""

    service: str
    command: Sequence[str]
    environment: Mapping[str, str]
    output: Path
    began: float = 0.0
    _process: "subprocess.Popen[bytes] | None" = None
    _sink: IO[bytes] | None = None
    _from: int = 0

    def start(self) -> None:
        """Begin a life."""
        self._sink = self.output.open("ab")
        self._from = self._sink.tell()
        self.began = time.time() * 1000
        self._process = subprocess.Popen(self.command, env=self.environment, stdout=self._sink, stderr=self._sink)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None, "not started"
        return self._process.pid

    def said(self, event: str) -> float | None:
        """When it told of ``event`` for the first time in this life, in epoch milliseconds."""
        with self.output.open("rb") as file:
            file.seek(self._from)
            for line in file:
                if line.startswith(b"{") and line.endswith(b"}\n") and (told := orjson.loads(line))["event"] == event:
                    return _instant(told)
        return None

    def wait_for(self, event: str) -> float:
        """Return when it told of ``event``.

        Raises:
            AssertionError: it ended before, or takes too long.
        """
        deadline = time.monotonic() + START_SECONDS
        while (at := self.said(event)) is None:
            assert self._process is not None
            assert self._process.poll() is None, f"{self.service} ended:\n{self.output.read_text()[-4000:]}"
            assert time.monotonic() < deadline, f"{self.service}: no {event!r}:\n{self.output.read_text()[-4000:]}"
            time.sleep(GLANCE_SECONDS)
        return at

    def kill(self) -> float:
        """End it as the kernel would; return when, in epoch milliseconds."""
        assert self._process is not None
        at = time.time() * 1000
        self._process.kill()
        self._process.wait()
        return at

    def end(self) -> None:
        """Ask it to leave, and make it leave where it does not."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._sink is not None:
            self._sink.close()


def _instant(told: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(told["timestamp"]).timestamp() * 1000


@dataclass(slots=True)
class Fleet:
    """All services of one deployment, by name."""

    address: KafkaAddress
    home: Home
    broker: BrokerAt
    units: dict[str, Unit] = field(default_factory=dict)

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU time that each process has taken so far, the broker's among them."""
        return {name: cpu_seconds(pid) for name, pid in self.processes().items()}

    def processes(self) -> dict[str, int]:
        """Return every process by name."""
        pids = {name: unit.pid for name, unit in self.units.items()}
        return pids if self.broker.pid is None else {**pids, "broker": self.broker.pid}


@contextmanager
def fleet(home: Home, address: KafkaAddress, broker: BrokerAt) -> Iterator[Fleet]:
    """Every service as a process of its own, all at work."""
    found = Fleet(address, home, broker)
    for service in FLOW:
        options = ["--config", str(home.config), "--log", str(address), "--port", "0", "--member", "0"]
        command = [sys.executable, "-m", f"services.{service}", *options]
        found.units[service] = Unit(service, command, home.environment, home.folder / f"{service}.log")
    try:
        for unit in found.units.values():
            unit.start()
        for unit in found.units.values():
            unit.wait_for("up")
        yield found
    finally:
        for unit in found.units.values():
            unit.end()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that the process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_bytes(pid: int) -> int:
    """Return how much memory the process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def open_files(pid: int) -> int:
    """Return how many files and connections the process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
