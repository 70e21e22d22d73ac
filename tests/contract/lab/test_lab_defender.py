"""The simulated Defender for Endpoint keeps the vendor's paths, codes and awkwardness."""

import httpx
import pytest

from lab.faults import Fault, FaultKind
from lab.times import to_text
from tests.contract.lab.conftest import START, Company, grant

FULL = {"Comment": "incident 7", "IsolationType": "Full"}


async def order(
    company: Company, machine_id: str, what: str = "isolate", comment: str = "incident 7"
) -> httpx.Response:
    return await company.defender.post(f"/api/machines/{machine_id}/{what}", json={**FULL, "Comment": comment})


async def status(company: Company, action_id: str) -> str:
    return str((await company.defender.get(f"/api/machineactions/{action_id}")).json()["status"])


async def flows(company: Company, machine_id: str, since: int) -> int:
    query = f"DeviceNetworkEvents\n| where DeviceId == '{machine_id}'\n| where Timestamp > datetime({to_text(since)})\n| count"
    answer = await company.defender.post("/api/advancedqueries/run", json={"Query": query})
    return int(answer.json()["Results"][0]["Count"])


async def test_a_call_needs_a_token_of_this_product_that_has_not_expired(company: Company) -> None:
    assert (await company.defender.get("/api/machines", headers={"Authorization": ""})).status_code == 401
    foreign = company.entra.headers["Authorization"]
    assert (await company.defender.get("/api/machines", headers={"Authorization": foreign})).status_code == 401
    company.clock.wait(3600)
    refused = await company.defender.get("/api/machines")
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "Unauthorized"


async def test_a_wrong_secret_gets_no_token(company: Company) -> None:
    refused = await grant(company.defender, secret="guess")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_a_right_that_was_not_given_is_forbidden(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    company.world.rights.discard("Machine.Isolate")
    refused = await order(company, host.machine_id)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("computerDnsName eq 'wks1.corp.example'", ["wks1.corp.example"]),
        ("startswith(computerDnsName,'wks1.')", ["wks1.corp.example", "wks1.other.example"]),
        ("computerDnsName eq 'wks1'", []),
        ("id eq '{id}'", ["wks1.corp.example"]),
    ],
)
async def test_machines_are_found_by_filter(company: Company, query: str, found: list[str]) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    company.world.enrol_host("WKS1", "other.example")
    company.world.enrol_host("WKS10", "corp.example")
    answer = await company.defender.get("/api/machines", params={"$filter": query.format(id=host.machine_id)})
    assert [row["computerDnsName"] for row in answer.json()["value"]] == found


async def test_a_filter_on_an_unknown_field_is_a_bad_request(company: Company) -> None:
    answer = await company.defender.get("/api/machines", params={"$filter": "colour eq 'red'"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


async def test_an_isolation_walks_to_its_end_with_the_clock_and_then_stops_the_flows(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    accepted = await order(company, host.machine_id)
    action = accepted.json()
    assert (accepted.status_code, action["type"], action["status"]) == (201, "Isolate", "Pending")
    assert action["requestorComment"] == "incident 7"
    company.clock.wait(1)
    assert await status(company, action["id"]) == "InProgress"
    company.clock.wait(2)
    assert await status(company, action["id"]) == "Succeeded"
    isolated_at = company.clock.now
    company.clock.wait(60)
    assert await flows(company, host.machine_id, isolated_at) == 0
    assert await flows(company, host.machine_id, START - 1) <= 1


async def test_a_host_that_is_not_isolated_talks_every_few_seconds(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    company.clock.wait(60)
    assert await flows(company, host.machine_id, START) == 12
    query = f"DeviceNetworkEvents | where DeviceId == '{host.machine_id}' | take 3"
    rows = (await company.defender.post("/api/advancedqueries/run", json={"Query": query})).json()["Results"]
    assert [row["DeviceName"] for row in rows] == ["wks1.corp.example"] * 3


async def test_a_query_outside_the_family_is_a_bad_request(company: Company) -> None:
    answer = await company.defender.post("/api/advancedqueries/run", json={"Query": "DeviceNetworkEvents | join X"})
    assert answer.status_code == 400


async def test_one_action_is_open_per_machine(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    await order(company, host.machine_id)
    for what in ("isolate", "unisolate"):
        refused = await order(company, host.machine_id, what)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ActiveRequestAlreadyExists")
    company.clock.wait(3)
    assert (await order(company, host.machine_id, "unisolate")).status_code == 201


async def test_a_second_isolation_of_an_isolated_machine_is_a_second_transition(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    await order(company, host.machine_id, comment="first")
    company.clock.wait(3)
    await order(company, host.machine_id, comment="second")
    assert company.world.transitions.count("defender", "WKS1", "apply") == 2
    assert [one.cause for one in company.world.transitions.log] == ["first", "second"]


async def test_the_release_lets_the_flows_go_on(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    await order(company, host.machine_id)
    company.clock.wait(3)
    await order(company, host.machine_id, "unisolate")
    company.clock.wait(3)
    released_at = company.clock.now
    company.clock.wait(60)
    assert await flows(company, host.machine_id, released_at) == 12
    assert company.world.transitions.count("defender", "WKS1", "release") == 1


async def test_actions_are_listed_by_machine_with_the_callers_own_id(company: Company) -> None:
    host, other = (company.world.enrol_host(name, "corp.example") for name in ("WKS1", "WKS2"))
    await order(company, other.machine_id)
    await company.defender.post(f"/api/machines/{host.machine_id}/isolate", json={**FULL, "ExternalId": "effect-1"})
    answer = await company.defender.get("/api/machineactions", params={"$filter": f"machineId eq '{host.machine_id}'"})
    (action,) = answer.json()["value"]
    assert (action["machineId"], action["externalID"], action["status"]) == (host.machine_id, "effect-1", "Pending")


async def test_a_cancelled_action_changes_nothing(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    action = (await order(company, host.machine_id)).json()
    withdrawn = await company.defender.post(f"/api/machineactions/{action['id']}/cancel", json={"Comment": "closed"})
    assert withdrawn.json()["status"] == "Cancelled"
    company.clock.wait(60)
    assert not host.isolated.value(company.clock.now)
    again = await company.defender.post(f"/api/machineactions/{action['id']}/cancel", json={"Comment": "closed"})
    assert again.status_code == 400


async def test_an_unknown_machine_or_action_is_not_found(company: Company) -> None:
    assert (await order(company, "0" * 40)).status_code == 404
    assert (await company.defender.get("/api/machineactions/none")).status_code == 404


async def test_an_order_without_a_comment_is_a_bad_request(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    answer = await company.defender.post(f"/api/machines/{host.machine_id}/isolate", json={"IsolationType": "Full"})
    assert answer.status_code == 400
    assert company.world.transitions.count() == 0


async def test_above_a_hundred_calls_a_minute_the_caller_waits(company: Company) -> None:
    for _ in range(100):
        assert (await company.defender.get("/api/machineactions")).status_code == 200
    refused = await company.defender.get("/api/machineactions")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    company.clock.wait(60)
    assert (await company.defender.get("/api/machineactions")).status_code == 200


async def test_the_limits_can_be_switched_off() -> None:
    company = Company(rate_limits=False)
    await company.sign_in()
    answers = {(await company.defender.get("/api/machineactions")).status_code for _ in range(150)}
    assert answers == {200}


async def test_an_answer_is_lost_after_the_order_was_accepted(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    company.world.faults.seed(Fault(FaultKind.LOST_ANSWER, "defender", "isolate", "WKS1"))
    with pytest.raises(httpx.TransportError):
        await order(company, host.machine_id)
    assert company.world.transitions.count("defender", "WKS1", "apply") == 1
    company.clock.wait(3)
    assert host.isolated.value(company.clock.now)
    assert (await order(company, host.machine_id, "unisolate")).status_code == 201


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_late_order_takes_its_time(company: Company, hidden: bool) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    company.world.faults.seed(Fault(FaultKind.LATE, target="WKS1", seconds=30, hidden=hidden))
    await order(company, host.machine_id)
    company.clock.wait(30)
    listed = (await company.defender.get("/api/machineactions")).json()["value"]
    assert [action["status"] for action in listed] == ([] if hidden else ["Pending"])
    assert (await order(company, host.machine_id)).status_code == 400
    company.clock.wait(3)
    listed = (await company.defender.get("/api/machineactions")).json()["value"]
    assert [action["status"] for action in listed] == ["Succeeded"]


async def test_an_ineffective_order_succeeds_and_the_flows_go_on(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    company.world.faults.seed(Fault(FaultKind.INEFFECTIVE, operation="isolate"))
    action = (await order(company, host.machine_id)).json()
    company.clock.wait(3)
    assert await status(company, action["id"]) == "Succeeded"
    company.clock.wait(60)
    assert await flows(company, host.machine_id, company.clock.now - 60_000) == 12


async def test_a_stuck_order_stays_pending_until_it_is_cancelled(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    company.world.faults.seed(Fault(FaultKind.STUCK))
    action = (await order(company, host.machine_id)).json()
    company.clock.wait(3000)
    assert await status(company, action["id"]) == "Pending"
    await company.defender.post(f"/api/machineactions/{action['id']}/cancel", json={"Comment": "stuck"})
    assert (await order(company, host.machine_id)).status_code == 201


async def test_a_sticky_fault_strikes_again(company: Company) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    company.world.faults.seed(Fault(FaultKind.LOST_ANSWER, sticky=True))
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            await order(company, host.machine_id)
        company.clock.wait(3)
    assert company.world.transitions.count() == 2


@pytest.mark.parametrize(
    ("fault", "code", "retry_after"),
    [
        (Fault(FaultKind.THROTTLED, operation="isolate", seconds=7), 429, "7"),
        (Fault(FaultKind.THROTTLED, operation="isolate", seconds=0), 429, None),
        (Fault(FaultKind.UNAVAILABLE, operation="isolate"), 503, None),
    ],
)
async def test_a_refused_order_was_not_accepted(
    company: Company, fault: Fault, code: int, retry_after: str | None
) -> None:
    host = company.world.enrol_host("WKS1", "corp.example")
    company.world.faults.seed(fault)
    refused = await order(company, host.machine_id)
    assert (refused.status_code, refused.headers.get("Retry-After")) == (code, retry_after)
    assert company.world.transitions.count() == 0


def indicator(address: str, expires: int, external_id: str = "effect-1") -> dict[str, str]:
    return {
        "indicatorValue": address,
        "indicatorType": "IpAddress",
        "action": "Block",
        "title": "blocked",
        "description": "incident 7",
        "expirationTime": to_text(expires),
        "externalId": external_id,
    }


async def reached(company: Company, address: str, since: int) -> int:
    query = (
        f"DeviceNetworkEvents | where RemoteIP == '{address}' | where Timestamp > datetime({to_text(since)}) | count"
    )
    answer = await company.defender.post("/api/advancedqueries/run", json={"Query": query})
    return int(answer.json()["Results"][0]["Count"])


async def test_an_indicator_blocks_until_it_expires_by_the_clock(company: Company) -> None:
    body = indicator("203.0.113.7", START + 60_000)
    answer = await company.defender.post("/api/indicators", json=body)
    assert (answer.status_code, answer.json()["externalId"]) == (200, "effect-1")
    company.clock.wait(60)
    assert await reached(company, "203.0.113.7", START) == 0
    assert (await company.defender.get("/api/indicators")).json()["value"] == []
    company.clock.wait(60)
    assert await reached(company, "203.0.113.7", START + 60_000) == 12


async def test_an_indicator_is_changed_by_posting_it_again_and_deleted_by_its_number(company: Company) -> None:
    await company.defender.post("/api/indicators", json=indicator("203.0.113.7", START + 60_000))
    again = await company.defender.post("/api/indicators", json=indicator("203.0.113.7", START + 120_000))
    listed = (
        await company.defender.get("/api/indicators", params={"$filter": "indicatorValue eq '203.0.113.7'"})
    ).json()
    assert [row["expirationTime"] for row in listed["value"]] == [to_text(START + 120_000)]
    company.clock.wait(90)
    assert await reached(company, "203.0.113.7", START) == 0
    assert (await company.defender.delete(f"/api/indicators/{again.json()['id']}")).status_code == 204
    assert (await company.defender.delete(f"/api/indicators/{again.json()['id']}")).status_code == 404
    assert [one.operation for one in company.world.transitions.log] == ["block", "unblock"]


@pytest.mark.parametrize(
    "address", ["10.0.0.5", "192.168.1.1", "172.20.0.1", "127.0.0.1", "fe80::1", "203.0.113.0/24", "x"]
)
async def test_private_addresses_and_networks_are_refused(company: Company, address: str) -> None:
    answer = await company.defender.post("/api/indicators", json=indicator(address, START + 60_000))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidInput")


@pytest.mark.parametrize(
    ("kind", "listed"),
    [(FaultKind.INEFFECTIVE, 1), (FaultKind.STUCK, 0), (FaultKind.LATE, 0)],
)
async def test_what_goes_wrong_with_an_indicator(company: Company, kind: FaultKind, listed: int) -> None:
    company.world.faults.seed(Fault(kind, operation="block", seconds=600))
    await company.defender.post("/api/indicators", json=indicator("203.0.113.7", START + 3_600_000))
    company.clock.wait(60)
    assert len((await company.defender.get("/api/indicators")).json()["value"]) == listed
    assert await reached(company, "203.0.113.7", START) == 12
    assert company.world.transitions.count("defender", "203.0.113.7", "apply") == 1
