"""The detector in docs/how-to/own-detector-on-faust.md works as it stands there: on a real broker, across poison and a kill."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from runtime.clock import WallClock
from runtime.kafka import KafkaAdmin, KafkaLog
from runtime.log import Message, Received
from schemas.finding import Finding
from services.ingest.__main__ import normalizer
from services.ingest.stream import Ingest
from tests.servers.available import kafka_bootstrap

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "how-to" / "own-detector-on-faust.md").read_text()
PATIENCE_SECONDS = 150.0
PARTITIONS = 2


def example() -> str:
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def refusals(host: str, names: list[str]) -> list[Message]:
    """What ingest makes of an sshd that refuses these names."""
    ingest = Ingest(normalizer(), {}, {}, virtual=True)
    outputs: list[Message] = []
    for number, name in enumerate(names):
        line = f"Mar  5 12:00:{number:02} {host} sshd[7]: Failed password for {name} from 203.0.113.9 port 40000 ssh2"
        record = Received("records.acme", 0, number, "acme", "sshd", line.encode(), {"position": f"{host}{number}"}, 0)
        outputs += [one for one in ingest.handle(record, 1_709_640_000_000) if one.topic == "events"]
    assert {one.headers["kind"] for one in outputs} == {"sshd/failed"}
    return outputs


@contextmanager
def detector(folder: Path, bootstrap: str, prefix: str) -> Iterator["subprocess.Popen[bytes]"]:
    (folder / "detector.py").write_text(example())
    environment = {
        **os.environ,
        "KAFKA": bootstrap,
        "PREFIX": prefix,
        "PARTITIONS": str(PARTITIONS),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "faust", "-A", "detector", "--datadir", str(folder / "state"), "worker",
               "--without-web", "-l", "warn"]  # fmt: skip
    with (folder / "said.txt").open("ab") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def all_of(log: KafkaLog, topic: str) -> list[Received]:
    return [one for number in range(PARTITIONS) async for one in log.read(topic, number)]


async def test_the_example_is_short() -> None:
    assert sum(bool(line.strip()) for line in example().splitlines()) < 40


@pytest.mark.slow
async def test_the_example_tells_once_of_five_names_and_survives_poison_and_a_kill(tmp_path: Path) -> None:
    bootstrap, prefix = kafka_bootstrap(), f"own-{uuid4().hex[:8]}."
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.create([], PARTITIONS, 1)
    log = KafkaLog(bootstrap, WallClock(), prefix)

    async def until(topic: str, count: int) -> list[Received]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(found := await all_of(log, topic)) < count:
                assert process.poll() is None, (tmp_path / "said.txt").read_text()[-3000:]
                await asyncio.sleep(0.2)
        return found

    try:
        await log.append([Message("events", "acme", "k", b"no event")])
        await log.append(refusals("gw-1", ["root", "admin", "admin", "test"]))
        with detector(tmp_path, bootstrap, prefix) as process:
            assert (await until("dead-letters", 1))[0].tenant == "acme"
        await log.append(refusals("gw-1", ["oracle", "git", "pi"]))
        with detector(tmp_path, bootstrap, prefix) as process:
            told = await until("findings", 1)
    finally:
        await log.close()
    findings = {one.finding_info.uid: one for one in (Finding.model_validate_json(each.value) for each in told)}
    (finding,) = findings.values()
    assert finding.finding_info.title == "Names Are Tried From One Address"
    assert {one.headers["uid"] for one in told} == set(findings)
    assert {one.tenant for one in told} == {"acme"}
