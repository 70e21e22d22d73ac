"""The simulated Entra ID keeps Graph's paths, codes and delays."""

import httpx
import pytest

from lab.faults import Fault, FaultKind
from lab.times import from_text, to_text
from lab.world import Account
from tests.contract.lab.conftest import START, Company

ADVANCED = "onPremisesSamAccountName eq 'alice' and onPremisesDomainName eq 'corp.example'"


def enrol(company: Company, *, privileged: bool = False) -> Account:
    return company.world.enrol_account("CORP\\alice", "corp.example", sid="S-1-5-21-1-2-3-1104", privileged=privileged)


async def set_enabled(
    company: Company, account: Account, enabled: bool, request_id: str = "effect-1"
) -> httpx.Response:
    headers = {"client-request-id": request_id}
    return await company.entra.patch(
        f"/v1.0/users/{account.object_id}", json={"accountEnabled": enabled}, headers=headers
    )


async def read(company: Company, account: Account, field: str) -> object:
    answer = await company.entra.get(f"/v1.0/users/{account.object_id}", params={"$select": f"id,{field}"})
    return answer.json()[field]


async def sign_ins(company: Company, account: Account, since: int) -> list[int]:
    query = f"userId eq '{account.object_id}' and createdDateTime ge {to_text(since)}"
    answer = await company.entra.get("/v1.0/auditLogs/signIns", params={"$filter": query})
    return [row["status"]["errorCode"] for row in answer.json()["value"]]


async def test_a_user_is_read_by_object_id_or_principal_name_and_shows_what_is_selected(company: Company) -> None:
    account = enrol(company)
    for key in (account.object_id, "alice@corp.example", "Alice@corp.example"):
        answer = await company.entra.get(f"/v1.0/users/{key}", params={"$select": "id,accountEnabled"})
        body = answer.json()
        assert (body["id"], body["accountEnabled"]) == (account.object_id, True)
    assert "accountEnabled" not in (await company.entra.get(f"/v1.0/users/{account.object_id}")).json()
    assert (await company.entra.get("/v1.0/users/nobody@corp.example")).status_code == 404


async def test_on_premises_names_are_searched_only_as_an_advanced_query(company: Company) -> None:
    account = enrol(company)
    company.world.enrol_account("OTHER\\alice", "other.example")
    plain = await company.entra.get("/v1.0/users", params={"$filter": ADVANCED})
    assert (plain.status_code, plain.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
    params = {"$filter": ADVANCED, "$count": "true"}
    found = await company.entra.get("/v1.0/users", params=params, headers={"ConsistencyLevel": "eventual"})
    assert [row["id"] for row in found.json()["value"]] == [account.object_id]


async def test_a_token_of_another_product_is_refused(company: Company) -> None:
    foreign = {"Authorization": company.defender.headers["Authorization"]}
    refused = await company.entra.get("/v1.0/users", headers=foreign)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


async def test_disabling_is_idempotent_and_echoes_the_callers_request_id(company: Company) -> None:
    account = enrol(company)
    for _ in range(2):
        answer = await set_enabled(company, account, enabled=False)
        assert (answer.status_code, answer.headers["client-request-id"]) == (204, "effect-1")
    assert await read(company, account, "accountEnabled") is False
    assert [one.cause for one in company.world.transitions.select("entra", "CORP\\alice")] == ["effect-1"]


async def test_sign_ins_fail_while_the_account_is_disabled_and_succeed_again_afterwards(company: Company) -> None:
    account = enrol(company)
    company.clock.wait(60)
    assert set(await sign_ins(company, account, START)) == {0}
    await set_enabled(company, account, enabled=False)
    company.clock.wait(1)
    disabled_at = company.clock.now
    company.clock.wait(60)
    assert await sign_ins(company, account, disabled_at) == [50057] * 6
    await set_enabled(company, account, enabled=True, request_id="effect-2")
    company.clock.wait(1)
    enabled_at = company.clock.now
    company.clock.wait(60)
    assert await sign_ins(company, account, enabled_at) == [0] * 6
    assert company.world.transitions.count("entra", "CORP\\alice", "release") == 1


async def test_revoked_sessions_show_after_a_while(company: Company) -> None:
    account = enrol(company)
    company.clock.wait(100)
    revoked_at = company.clock.now
    answer = await company.entra.post(f"/v1.0/users/{account.object_id}/revokeSignInSessions")
    assert (answer.status_code, answer.json()["value"]) == (200, True)
    assert from_text(str(await read(company, account, "signInSessionsValidFromDateTime"))) < revoked_at
    company.clock.wait(2)
    assert from_text(str(await read(company, account, "signInSessionsValidFromDateTime"))) == revoked_at


async def test_privileged_users_are_out_of_reach(company: Company) -> None:
    account = enrol(company, privileged=True)
    refused = await set_enabled(company, account, enabled=False)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
    refused = await company.entra.post(f"/v1.0/users/{account.object_id}/revokeSignInSessions")
    assert refused.status_code == 403
    assert company.world.transitions.count() == 0


async def test_nothing_else_of_a_user_can_be_written(company: Company) -> None:
    account = enrol(company)
    answer = await company.entra.patch(f"/v1.0/users/{account.object_id}", json={"displayName": "x"})
    assert answer.status_code == 400


async def test_a_lost_answer_leaves_the_account_disabled(company: Company) -> None:
    account = enrol(company)
    company.world.faults.seed(Fault(FaultKind.LOST_ANSWER, "entra", "disable", "CORP\\alice"))
    with pytest.raises(httpx.TransportError):
        await set_enabled(company, account, enabled=False)
    assert await read(company, account, "accountEnabled") is False


async def test_a_late_change_shows_nothing_until_its_time(company: Company) -> None:
    account = enrol(company)
    company.world.faults.seed(Fault(FaultKind.LATE, operation="disable", seconds=30, sticky=True))
    await set_enabled(company, account, enabled=False)
    await set_enabled(company, account, enabled=False)
    company.clock.wait(29)
    assert await read(company, account, "accountEnabled") is True
    assert company.world.transitions.count() == 1
    company.clock.wait(1)
    assert await read(company, account, "accountEnabled") is False


async def test_an_ineffective_change_reads_well_and_the_sign_ins_go_on(company: Company) -> None:
    account = enrol(company)
    company.world.faults.seed(Fault(FaultKind.INEFFECTIVE))
    await set_enabled(company, account, enabled=False)
    assert await read(company, account, "accountEnabled") is False
    company.clock.wait(60)
    assert await sign_ins(company, account, START) == [0] * 6


async def test_a_stuck_change_is_never_seen(company: Company) -> None:
    account = enrol(company)
    company.world.faults.seed(Fault(FaultKind.STUCK))
    assert (await set_enabled(company, account, enabled=False)).status_code == 204
    company.clock.wait(3000)
    assert await read(company, account, "accountEnabled") is True
