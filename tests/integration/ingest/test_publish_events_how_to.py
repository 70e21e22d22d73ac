"""The producer in docs/how-to/publish-events.md works as it stands there, and what it sends arrives as an event."""

import asyncio
import sys
from pathlib import Path

import orjson
import pytest

from services.ingest.labels import CONTENT_ENCODING, CONTENT_TYPE, HOST, POSITION, SOURCE
from services.ingest.ports import MAPPED
from tests.integration.ingest.kafka_feed import feeding
from tests.real_data import ROOT
from tests.servers.available import kafka_bootstrap

PAGE = (ROOT / "docs" / "how-to" / "publish-events.md").read_text()
PROGRAM = PAGE.partition("```python\n")[2].partition("```")[0]


@pytest.fixture
def bootstrap() -> str:
    return kafka_bootstrap()


async def test_the_producer_of_the_page_publishes_an_event(bootstrap: str, tmp_path: Path) -> None:
    (tmp_path / "publish.py").write_text(PROGRAM)
    async with feeding(bootstrap, tmp_path) as feed:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            str(tmp_path / "publish.py"),
            env={"KAFKA": feed.bootstrap, "TOPIC": feed.topic()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, complained) == (0, b"")
        assert said.decode().startswith(f"{feed.topic()} partition ")
        (event,) = await feed.events(1)
        assert await feed.dead(0) == []
    assert (event.headers["source"], event.headers[MAPPED], event.headers["kind"]) == (
        "windows_event_json", "1", "security/4625",
    )  # fmt: skip
    ocsf = orjson.loads(event.value)
    assert (ocsf["class_uid"], ocsf["status_id"], ocsf["unmapped"]["IpAddress"]) == (3002, 2, "203.0.113.9")


def test_the_producer_has_twenty_lines() -> None:
    assert len([line for line in PROGRAM.splitlines() if line.strip()]) <= 20


def test_the_page_names_every_header_that_others_may_send() -> None:
    assert [
        name for name in (SOURCE, CONTENT_TYPE, CONTENT_ENCODING, HOST, POSITION) if f"| `{name}` |" not in PAGE
    ] == []
