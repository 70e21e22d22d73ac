"""The topics that a test of the log needs on Kafka: made when it begins, under a prefix of its own, dropped after it."""

import asyncio
import atexit
import hashlib
import secrets
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from runtime.kafka import KafkaAdmin
from tests.servers.available import kafka_bootstrap

TENANTS = ("acme", "other")
RUN = secrets.token_hex(3)
_aside = ThreadPoolExecutor(1)  # a test that waits for its topics may itself run in a loop
_made: dict[str, int] = {}
_folder: list[Path] = []


def prefix_of(folder: Path) -> str:
    """What stands before the topics of the test that works in ``folder``; nothing under it ages, whatever its clock."""
    return f"replay-{RUN}-{hashlib.sha256(bytes(folder)).hexdigest()[:8]}."


def have_topics(folder: Path, partitions: int | None = None, prefix: str = "") -> str:
    """Make the topics of ``folder`` unless they are there; return where the broker is. Those of another are dropped."""
    bootstrap = broker()
    if _folder != [folder]:
        drop_topics()
        _folder[:] = [folder]
    whole = prefix_of(folder) + prefix
    if whole not in _made:
        _made[whole] = partitions or 1
        _run(_create(bootstrap, whole, _made[whole]))
    assert partitions in (None, _made[whole]), "one test, one number of partitions"
    return bootstrap


def broker() -> str:
    """Where the broker of this run listens; it is found, or started, beside the loop of a test."""
    return _aside.submit(kafka_bootstrap).result()


def drop_topics() -> None:
    """Drop what was made, without waiting for it."""
    for whole in _made:
        _aside.submit(asyncio.run, _drop(kafka_bootstrap(), whole))
    _made.clear()
    _folder.clear()


def _run(work: Coroutine[Any, Any, None]) -> None:
    _aside.submit(asyncio.run, work).result()


async def _create(bootstrap: str, prefix: str, partitions: int) -> None:
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.create(TENANTS, partitions)


async def _drop(bootstrap: str, prefix: str) -> None:
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.drop()


atexit.register(_aside.shutdown)
