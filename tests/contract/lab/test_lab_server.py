"""``python -m lab`` serves everything on one port, and an answer that is lost is a connection that is cut."""

import json
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from lab.world import CLIENT_ID, DIRECTORY, SECRET

START = 1_700_000_000_000
ENTRY = {"expires_at": "2023-11-15T00:00:00Z", "comment": "effect-1"}


@pytest.fixture
def lab() -> Iterator[httpx.Client]:
    command = [
        sys.executable,
        "-m",
        "lab",
        "--virtual-from",
        str(START),
        "--fault",
        "late:firewall:block:203.0.113.9:30",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        with httpx.Client(base_url=address, timeout=10) as client:
            yield client
        process.terminate()


def test_a_cut_connection_after_acceptance(lab: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    lab.post("/lab/faults", json=[{"kind": "lost_answer", "product": "firewall"}]).raise_for_status()
    with pytest.raises(httpx.TransportError):
        lab.put("/firewall/v1/addresses/203.0.113.7", json=ENTRY, headers=headers)
    (counted,) = lab.get("/lab/transitions").json()
    assert (counted["product"], counted["target"], counted["direction"], counted["count"]) == (
        "firewall",
        "203.0.113.7",
        "apply",
        1,
    )
    assert lab.get("/firewall/v1/addresses/203.0.113.7", headers=headers).status_code == 200


def test_the_operator_enrols_and_moves_the_clock(lab: httpx.Client) -> None:
    (host,) = lab.post("/lab/hosts", json=[{"name": "WKS1", "domain": "corp.example"}]).json()
    lab.post("/lab/accounts", json=[{"name": "CORP\\alice", "dns_domain": "corp.example"}]).raise_for_status()
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET}
    token = lab.post(f"/defender/{DIRECTORY}/oauth2/v2.0/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/defender/api/machines/{host['machine_id']}/isolate"
    assert lab.post(path, json={"Comment": "c", "IsolationType": "Full"}, headers=headers).status_code == 201
    assert lab.get("/lab/hosts").json()[0]["isolated"] is False
    assert lab.post("/lab/clock", json={"advance": 3000}).json() == {"now": START + 3000}
    assert lab.get("/lab/hosts").json()[0]["isolated"] is True
    assert lab.get("/lab/accounts").json()[0]["admitted"] is True


def test_a_fault_may_be_seeded_at_the_start_and_healed(lab: httpx.Client) -> None:
    (fault,) = lab.get("/lab/faults").json()
    assert (fault["kind"], fault["operation"], fault["seconds"]) == ("late", "block", 30)
    assert lab.delete("/lab/faults").status_code == 204
    assert lab.get("/lab/faults").json() == []


def test_a_path_of_no_product_is_not_found(lab: httpx.Client) -> None:
    assert lab.get("/elsewhere").status_code == 404
