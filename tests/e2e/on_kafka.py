"""A deployment of a test's own on a broker, and services of it as processes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import httpx

from runtime.clock import WallClock
from runtime.log import Log, Received
from runtime.log_address import kafka_address
from stanch.projection import stored
from tests.e2e.processes import Home, Up

TENANT = "acme"
TOKEN = "acme-token"
TENANT_FILE = "token: {env: ACME_TOKEN}\n"
PATIENCE_SECONDS = 40.0
GLANCE_SECONDS = 0.1

ResultT = TypeVar("ResultT")


@dataclass
class Site:
    """A home, and a prefix of topics that nobody else has."""

    home: Home
    bootstrap: str
    deployment: str = field(default_factory=lambda: f"t{uuid4().hex[:12]}")

    @property
    def log(self) -> str:
        """The address of the log."""
        return f"kafka://{self.bootstrap}/{self.deployment}"

    def create_topics(self, partitions: int = 1) -> None:
        """Make the topics, as an operator does."""
        config = ("--config", str(self.home.config), "--partitions", str(partitions))
        done = self.home.command("topics", "create", *config, "--log", self.log)
        assert done.returncode == 0, done.stderr

    @contextmanager
    def service(self, name: str, member: str = "0", *, module: str | None = None) -> Iterator[Up]:
        """A service as a process, begun and not yet ready."""
        child = Up(self.home, module or f"services.{name}", "--log", self.log, "--member", member)
        try:
            yield child
        finally:
            child.end()

    async def asked(self, question: Callable[[Log], Awaitable[ResultT]]) -> ResultT:
        """What the log answers."""
        log = kafka_address(self.log).open(WallClock())
        try:
            return await question(log)
        finally:
            await log.close()

    async def messages(self, topic: str) -> list[Received]:
        """All that ``topic`` holds."""

        async def read(log: Log) -> list[Received]:
            return [received async for received in stored(log, topic)]

        return await self.asked(read)

    async def until(self, topic: str, enough: Callable[[list[Received]], bool]) -> list[Received]:
        """What ``topic`` holds as soon as that is enough."""

        async def follow(log: Log) -> list[Received]:
            found: list[Received] = []
            async with log.subscribe(f"test-{uuid4()}", (topic,), _ignore, _ignore) as subscription:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while not enough(found):
                        found += await subscription.poll(1_000, PATIENCE_SECONDS)
            return found

        return await self.asked(follow)


def site(folder: Path, bootstrap: str, tenants: Mapping[str, str] | None = None, settings: str = "") -> Site:
    """A configured deployment, whose topics are not made yet."""
    home = Home(folder, {"ACME_TOKEN": TOKEN})
    home.configure(tenants or {TENANT: TENANT_FILE}, settings)
    return Site(home, bootstrap)


async def _ignore(partitions: frozenset[int]) -> None:
    """Nothing is kept per partition."""


def eventually(true: Callable[[], bool]) -> None:
    """Return as soon as it is.

    Raises:
        AssertionError: it does not become so.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(GLANCE_SECONDS)


_keys = count()


def post(up: Up, *records: bytes) -> httpx.Response:
    """Send records as a shipper does, that would send them again under the same key."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f"parcel-{next(_keys)}"}
    return httpx.post(f"{up.address}/v1/records", content=b"\n".join(records), headers=headers, timeout=30)


def numbered(number: int) -> bytes:
    """A record that nobody else sends."""
    return b'{"EventID": 1, "Channel": "Application", "Hostname": "WKS01", "RecordNumber": %d}' % number


def number_of(event: Received) -> int:
    """The number of the record that became the event."""
    return int(event.value.rpartition(b'"RecordNumber":')[2].partition(b"}")[0].strip())


def probe(up: Up, path: str) -> httpx.Response:
    """What the process answers at `/live`, `/ready` or `/metrics`."""
    return httpx.get(f"{up.address}{path}", timeout=10)
