"""A real Kafka broker: the one that STANCH_KAFKA names, else a container, else a process on this machine.

``python -m tests.servers.kafka`` runs one in the foreground, for development.
"""

import asyncio
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from filelock import FileLock

HERE = Path(__file__).resolve().parents[2] / "deploy" / "local" / "kafka"
LEASH = Path(__file__).with_name("leash.py")
ADDRESS = "STANCH_KAFKA"
START_SECONDS = 90.0
STOP_SECONDS = 30.0
_LOGGING = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"


class Unobtainable(Exception):
    """This machine has no broker and cannot start one; the message says what is missing."""


@dataclass(slots=True)
class Broker:
    """One broker as a process of this machine. Its data outlives ``stop`` and ``kill``, so that it can start again."""

    folder: Path
    port: int
    controller: int
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _output: IO[bytes] | None = field(default=None, init=False)

    @property
    def bootstrap(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process of the broker itself."""
        assert self._process is not None, "not started"
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(children[0])

    def start(self) -> None:
        """Start it, and return when it answers.

        Raises:
            Unobtainable: it did not come up; the message ends with what it said.
        """
        self._output = (self.folder / "broker.log").open("ab")
        command = [*_java(), "-Xms256m", "-Xmx512m", "kafka.Kafka", str(self.folder / "server.properties")]
        self._process = subprocess.Popen(
            [sys.executable, "-SE", str(LEASH), *command],
            stdin=subprocess.PIPE, stdout=self._output, stderr=self._output, start_new_session=True,
        )  # fmt: skip
        try:
            wait_for(self.bootstrap, lambda: self._process is not None and self._process.poll() is None)
        except Unobtainable as error:
            self.kill()
            raise Unobtainable(f"{error}:\n{self.said()}") from error

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is None or self._output is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()  # the leash
        self._process.wait()
        self._output.close()
        self._process = None

    def said(self) -> str:
        """The end of what it logged."""
        return (self.folder / "broker.log").read_text(errors="replace")[-4000:]

    def remove(self) -> None:
        """Delete its data."""
        shutil.rmtree(self.folder, ignore_errors=True)


def new_broker() -> Broker:
    """Return a broker with an empty log, formatted and not yet started.

    Raises:
        Unobtainable: this machine lacks Java, or Maven to fetch the broker with.
    """
    jars()
    folder = Path(mkdtemp(prefix="stanch-kafka-"))
    broker = Broker(folder, *free_ports(2))
    lines = settings(broker.port, broker.controller, str(folder / "data")).items()
    (folder / "server.properties").write_text("".join(f"{name}={value}\n" for name, value in lines))
    cluster = urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")  # must not begin with a dash
    command = [*_java(), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(folder / "server.properties")]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise Unobtainable(f"the broker's storage could not be formatted: {done.stderr.decode()[-1000:]}")
    return broker


@contextmanager
def running_broker() -> Iterator[Broker]:
    """A broker of one's own, to stop, kill and start again."""
    broker = new_broker()
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()
        broker.remove()


def jars() -> Path:
    """Return the folder with the broker's jars, fetched by Maven once per version.

    Raises:
        Unobtainable: Java or Maven is missing, or Maven could not fetch them.
    """
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise Unobtainable(f"{program} is missing: install it, or name a broker in {ADDRESS}")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stanch" / "servers"
    cache.mkdir(parents=True, exist_ok=True)
    wanted = cache / f"kafka-{hashlib.sha256((HERE / 'pom.xml').read_bytes()).hexdigest()[:12]}"
    with FileLock(f"{wanted}.lock"):
        if not (wanted / "whole").exists():
            _fetch(wanted)
    return wanted


def settings(broker: int, controller: int, data: str) -> dict[str, str]:
    """The broker's settings, with its ports and the folder of its data."""
    lines = (HERE / "server.properties").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name: value.format(broker=broker, controller=controller, data=data) for name, _, value in pairs}


def wait_for(bootstrap: str, alive: Callable[[], bool]) -> None:
    """Return when a broker answers there.

    Raises:
        Unobtainable: whoever should is not ``alive`` any more, or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while not _answers_now(bootstrap):
        if not alive() or time.monotonic() > deadline:
            raise Unobtainable(f"no broker came up at {bootstrap}")
        time.sleep(0.1)


def _answers_now(bootstrap: str) -> bool:
    """Ask in a thread: the caller may be within an event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(answers(bootstrap))).result()


async def answers(bootstrap: str) -> bool:
    """Whether a broker answers there, not merely listens."""
    host, _, port = bootstrap.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()  # quietly: a client would log each failure
    except OSError:
        return False
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=2_000)
    try:
        await admin.start()
        await admin.list_topics()
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()
    return True


def _fetch(folder: Path) -> None:
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    done = subprocess.run(["mvn", "-q", "-B", *goal], cwd=HERE, capture_output=True, check=False)
    if done.returncode:
        raise Unobtainable(f"Maven could not fetch the broker: {done.stdout.decode()[-1000:]}")
    (folder / "whole").touch()


def _java() -> list[str]:
    return ["java", "-XX:TieredStopAtLevel=1", _LOGGING, "-cp", f"{jars()}/*"]


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def main() -> int:
    """Run a broker until interrupted."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    try:
        with running_broker() as broker:
            sys.stdout.write(f"{broker.bootstrap}\n")
            sys.stdout.flush()
            asked.wait()
    except Unobtainable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
