"""Plays recordings on Kafka, every service a process of its own, and says what was concluded in the terms of the laws."""

import asyncio
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from runtime.log import Message
from runtime.log_address import kafka_address
from runtime.partitions import partition_of
from schemas.tenant import Tenant
from services.ingest.__main__ import normalizer
from services.ingest.ports import AUTO
from stanch.assembly import Settings
from stanch.replay.cluster import Staged, Terms, replay_on
from stanch.replay.play import Play
from stanch.replay.recording import read
from tests.replaying import Nobody
from tests.servers.available import kafka_bootstrap


def stage(recordings: Mapping[str, Path], home: Path, settings: Settings, terms: Terms) -> Staged:
    """Play each tenant's recording, all at once."""
    address = kafka_address(f"kafka://{kafka_bootstrap()}")
    streams = {"stdout": StringIO()}
    plays = [
        Play(read([path], AUTO, normalizer(), lambda _: None), Tenant(slug=slug), settings, home, streams)
        for slug, path in recordings.items()
    ]
    return asyncio.run(replay_on(address, plays, terms, Nobody()))


def slugs(count: int, partitions: int) -> list[str]:
    """Names of tenants that fall on different partitions."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < count:
        slug = f"tenant-{number}"
        found.setdefault(partition_of(Message("incidents", slug, slug, b""), partitions), slug)
        number += 1
    return list(found.values())


def repeated(staged: Staged) -> dict[str, list[dict[str, object]]]:
    """What a lab counts more than once in one direction, by tenant: nothing, if the product keeps its promise."""
    counted = {slug: one.world.transitions.summary() for slug, one in staged.worlds.items()}
    return {slug: more for slug, rows in counted.items() if (more := [row for row in rows if row["count"] != 1])}
