"""A fresh deployment on a broker: its topics, the lab, and every service a process of its own, armed for all tenants."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import _intruding as intruding
from benchmarks._fleet import BrokerAt, Fleet, fleet
from benchmarks._intruding import TENANTS
from runtime.kafka import KafkaAdmin
from runtime.log_address import KafkaAddress
from tests.e2e.processes import Home, lab


@contextmanager
def deployed(
    broker: BrokerAt, name: str, folder: Path, *, settings: str = "", tenant: str = ""
) -> Iterator[tuple[Fleet, str]]:
    """The fleet at work, and the lab's address. ``settings`` and ``tenant`` are further lines of the configuration."""
    with lab() as products:
        home = Home(folder, {intruding.variable(slug): f"{slug}-token" for slug in TENANTS})
        intruding.armed_home(home, products, tenant, settings)
        address = KafkaAddress(broker.bootstrap, name)
        asyncio.run(_create(address))
        with fleet(home, address, broker) as found:
            yield found, products


async def _create(address: KafkaAddress) -> None:
    async with KafkaAdmin(address.bootstrap, address.prefix) as admin:
        await admin.create(TENANTS, 1)
