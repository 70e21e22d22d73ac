"""The plain firewall: a list with owners and expiry, and counters of what passed."""

import httpx
import pytest

from lab.faults import Fault, FaultKind
from lab.times import to_text
from tests.contract.lab.conftest import START, Company

HOUR = 3_600_000


async def block(
    company: Company, address: str = "203.0.113.7", comment: str = "effect-1", until: int = START + HOUR
) -> httpx.Response:
    body = {"expires_at": to_text(until), "comment": comment, "direction": "both"}
    return await company.firewall.put(f"/v1/addresses/{address}", json=body)


async def flows(company: Company, since: int, address: str = "203.0.113.7") -> tuple[int, int]:
    answer = await company.firewall.get(f"/v1/addresses/{address}/flows", params={"since": to_text(since)})
    return answer.json()["passed"], answer.json()["dropped"]


async def test_a_block_is_made_once_prolonged_by_its_owner_and_refused_to_others(company: Company) -> None:
    assert (await block(company)).status_code == 201
    assert (await block(company, until=START + 2 * HOUR)).status_code == 200
    refused = await block(company, comment="somebody else")
    assert refused.status_code == 409
    assert "error" in refused.json()
    entry = (await company.firewall.get("/v1/addresses/203.0.113.7")).json()
    assert (entry["expires_at"], entry["comment"], entry["state"]) == (to_text(START + 2 * HOUR), "effect-1", "active")
    assert company.world.transitions.count("firewall", "203.0.113.7", "apply") == 1


async def test_flows_are_dropped_until_the_block_is_taken_off(company: Company) -> None:
    await block(company)
    company.clock.wait(60)
    assert await flows(company, START) == (0, 12)
    assert (await company.firewall.delete("/v1/addresses/203.0.113.7")).status_code == 204
    assert (await company.firewall.delete("/v1/addresses/203.0.113.7")).status_code == 404
    released_at = company.clock.now
    company.clock.wait(60)
    assert await flows(company, released_at) == (12, 0)


async def test_the_firewall_itself_ends_a_block_at_its_expiry(company: Company) -> None:
    await block(company, until=START + 60_000)
    company.clock.wait(120)
    assert (await company.firewall.get("/v1/addresses/203.0.113.7")).status_code == 404
    assert await flows(company, START) == (12, 12)
    assert company.world.transitions.count("firewall", direction="release") == 0


@pytest.mark.parametrize("address", ["nonsense", "203.0.113.300", "203.0.113.0%2F24"])
async def test_what_is_no_address_is_refused(company: Company, address: str) -> None:
    assert (await block(company, address)).status_code in (400, 404)
    assert company.world.transitions.count() == 0


async def test_an_expiry_must_lie_ahead(company: Company) -> None:
    assert (await block(company, until=START)).status_code == 400
    answer = await company.firewall.put("/v1/addresses/203.0.113.7", json={"expires_at": "tomorrow", "comment": "x"})
    assert answer.status_code == 400


async def test_a_wrong_token_is_refused(company: Company) -> None:
    answer = await company.firewall.get("/v1/addresses/203.0.113.7", headers={"Authorization": "Bearer guess"})
    assert answer.status_code == 401


async def test_a_lost_answer_leaves_the_address_blocked(company: Company) -> None:
    company.world.faults.seed(Fault(FaultKind.LOST_ANSWER, "firewall", "block", "203.0.113.7"))
    with pytest.raises(httpx.TransportError):
        await block(company)
    assert (await company.firewall.get("/v1/addresses/203.0.113.7")).status_code == 200


@pytest.mark.parametrize(("hidden", "code"), [(False, 200), (True, 404)])
async def test_a_late_block_is_pending_or_not_to_be_seen(company: Company, hidden: bool, code: int) -> None:
    company.world.faults.seed(Fault(FaultKind.LATE, seconds=30, hidden=hidden))
    await block(company)
    company.clock.wait(20)
    answer = await company.firewall.get("/v1/addresses/203.0.113.7")
    assert answer.status_code == code
    assert answer.json().get("state", "pending") == "pending"
    assert await flows(company, START) == (4, 0)
    company.clock.wait(10)
    assert (await company.firewall.get("/v1/addresses/203.0.113.7")).json()["state"] == "active"
    company.clock.wait(60)
    assert await flows(company, START + 30_000) == (0, 12)


@pytest.mark.parametrize(("kind", "state"), [(FaultKind.INEFFECTIVE, "active"), (FaultKind.STUCK, "pending")])
async def test_a_block_may_be_listed_and_the_flows_pass(company: Company, kind: FaultKind, state: str) -> None:
    company.world.faults.seed(Fault(kind))
    await block(company)
    company.clock.wait(60)
    assert (await company.firewall.get("/v1/addresses/203.0.113.7")).json()["state"] == state
    assert await flows(company, START) == (12, 0)
