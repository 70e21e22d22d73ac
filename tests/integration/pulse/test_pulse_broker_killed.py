"""The broker is killed under the Faust engine and comes back: it goes on by itself, and tells what the day is worth, once."""

import asyncio
from pathlib import Path

import pytest

from tests.contract.pulse.engines import on_faust
from tests.contract.pulse.scenes import END, MIDDLE, TOLD, WINDOW, cut, day
from tests.servers.available import missing
from tests.servers.kafka import Broker, Unobtainable, running_broker


@pytest.mark.slow
def test_a_broker_that_dies_and_returns_costs_nothing(tmp_path: Path) -> None:
    try:
        with running_broker() as broker:
            told = asyncio.run(_told(broker, tmp_path))
    except Unobtainable as error:
        missing(f"no Kafka broker of one's own: {error}")
    assert told == TOLD


async def _told(broker: Broker, folder: Path) -> dict[str, list[str]]:
    before, after = cut(day(), MIDDLE)
    async with on_faust(folder, broker.bootstrap) as engine:
        await engine.publish(before, MIDDLE)
        await engine.start()
        await engine.heard()
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.start)
        await engine.publish(after, END)
        await engine.heard()
        await engine.time_comes(END + 10 * WINDOW)
        unique = {one.finding_info.uid: one for one in await engine.findings()}
    found = sorted(unique.values(), key=lambda one: one.time)
    return {tenant: [one.finding_info.title for one in found if one.metadata.tenant_uid == tenant] for tenant in TOLD}
