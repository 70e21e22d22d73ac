"""`stanch up` and the lab as processes of their own, as an operator starts them: nothing is shared but files and ports."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from lab.world import CLIENT_ID, DIRECTORY, SECRET

START_SECONDS = 60.0
STOP_SECONDS = 10.0
SECRETS = {"LAB_SECRET": SECRET}


@contextmanager
def lab() -> Iterator[str]:
    """The address of a lab without rate limits, while it runs."""
    command = [sys.executable, "-m", "lab", "--port", "0", "--no-limits"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield orjson.loads(process.stdout.readline())["address"]
        finally:
            process.terminate()


def tenant_file(address: str, token: str, more: str = "") -> str:
    """An armed tenant with the lab's three products; ``more`` are further lines of YAML."""
    microsoft = (
        f"{{directory: {{env: LAB_DIRECTORY}}, client_id: {{env: LAB_CLIENT}}, client_secret: {{env: LAB_SECRET}}}}"  # noqa: F541
    )
    return f"""\
mode: ARMED
token: {{env: {token}}}
networks: [10.0.0.0/8, 172.16.0.0/12]
connectors:
  - {{name: defender, kind: microsoft_defender, base_url: "{address}/defender", secrets: {microsoft}}}
  - {{name: entra, kind: microsoft_entra, base_url: "{address}/entra", secrets: {microsoft}}}
  - {{name: firewall, kind: plain_firewall, base_url: "{address}/firewall", secrets: {{token: {{env: LAB_SECRET}}}}}}
{more}"""


@dataclass
class Home:
    """A folder with configuration and state, and the environment of the commands that use it."""

    folder: Path
    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The configuration's file."""
        return self.folder / "stanch.yaml"

    @property
    def state(self) -> Path:
        """STANCH_HOME."""
        return self.folder / "state"

    @property
    def environment(self) -> dict[str, str]:
        """What commands see."""
        microsoft = {"LAB_SECRET": SECRET, "LAB_DIRECTORY": DIRECTORY, "LAB_CLIENT": CLIENT_ID}
        return {**os.environ, **microsoft, **self.secrets, "STANCH_HOME": str(self.state), "COLUMNS": "300"}

    def configure(self, tenants: Mapping[str, str], settings: str = "") -> None:
        """Write the files."""
        (self.folder / "tenants").mkdir(parents=True, exist_ok=True)
        self.config.write_text(f"version: 1\n{settings}")
        for slug, text in tenants.items():
            (self.folder / "tenants" / f"{slug}.yaml").write_text(text)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "stanch", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=START_SECONDS, check=False,
        )  # fmt: skip

    @contextmanager
    def up(self, *options: str) -> Iterator["Up"]:
        """`stanch up`, ready, while it runs."""
        with self._at_work("stanch", "up", *options) as child:
            yield child

    @contextmanager
    def service(self, module: str, *options: str, environment: Mapping[str, str] | None = None) -> Iterator["Up"]:
        """One service as a process of its own, ready, while it runs."""
        with self._at_work(module, *options, environment=environment) as child:
            yield child

    @contextmanager
    def _at_work(self, *words: str, environment: Mapping[str, str] | None = None) -> Iterator["Up"]:
        child = Up(self, *words, environment=environment)
        try:
            child.wait_for("up")
            yield child
        finally:
            child.end()


class Up:
    """One process of the product. What it logs is read by a thread, so that the child never waits for us.

    ``told`` is all that it has logged, ``seen`` what was waited for.
    """

    def __init__(self, home: Home, *words: str, environment: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, "-m", *words, "--config", str(home.config), "--port", "0"]
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.seen: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            command, env={**home.environment, **(environment or {})}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            told = orjson.loads(line) if line.startswith(b"{") else {"event": line.decode()}
            self.told.append(told)
            self._lines.put(told)
        self._lines.put(None)

    def wait_for(self, event: str) -> dict[str, Any]:
        """The next line of the log that tells of ``event``."""
        while (line := self._lines.get(timeout=START_SECONDS)) is not None:
            self.seen.append(line)
            if line["event"] == event:
                return line
        raise AssertionError(f"it ended before {event!r}: {self.seen}")

    @property
    def address(self) -> str:
        """Where its door is."""
        line = next(line for line in self.seen if line["event"] in ("starting", "up"))
        return f"http://{line['host']}:{line['port']}"

    def stop(self) -> int:
        """Ask it to end, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=STOP_SECONDS)

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.kill()
        assert self.process.stderr is not None
        self.process.stderr.close()
