"""What the doctor asks of products, and what it hears: over real HTTP, of the lab's products and of nobody."""

import socket
from collections.abc import Sequence

import pytest

from runtime.clock import WallClock
from schemas.tenant import Tenant
from services.respond.probing import Probed, probe
from services.respond.settings import Settings
from stanch.replay.laboratory import armed_against_the_lab, open_moving_lab, serve

NOW = WallClock().now


async def probed(tenant: Tenant) -> Sequence[Probed]:
    return await probe({tenant.slug: tenant}, Settings(http_timeout_ms=2_000), NOW)


async def test_products_that_answer_and_know_us_are_well() -> None:
    async with serve({"acme": open_moving_lab(NOW())}) as address:
        found = await probed(armed_against_the_lab(Tenant(slug="acme"), f"{address}/acme"))
    assert [(one.connector, one.failure) for one in found] == [("defender", ""), ("entra", ""), ("firewall", "")]
    assert all(one.skew is not None and abs(one.skew) < 60_000 for one in found)


async def test_a_wrong_secret_is_told_as_such_with_the_rights_that_are_needed() -> None:
    async with serve({"acme": open_moving_lab(NOW())}) as address:
        tenant = armed_against_the_lab(Tenant(slug="acme"), f"{address}/acme")
        told = tenant.model_dump(by_alias=True)
        for connector in told["connectors"]:
            connector["secrets"] = dict.fromkeys(connector["secrets"], "wrong")
        found = await probed(Tenant.model_validate(told))
    assert all("credentials" in one.failure for one in found), found
    assert "Machine.Isolate" in found[0].rights


@pytest.mark.parametrize("path", ["/acme"])
async def test_an_address_where_nobody_listens_is_told_as_such(path: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = await probed(armed_against_the_lab(Tenant(slug="acme"), f"http://127.0.0.1:{port}{path}"))
    assert all("cannot be reached" in one.failure for one in found), found
