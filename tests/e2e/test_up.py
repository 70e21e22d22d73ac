"""`stanch up` as an operator runs it: a real process, real sockets, real files, against the lab over HTTP."""

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.respond.trial import processes, running_lab
from tests.e2e.following import hold_of, published
from tests.e2e.intrusions import Intrusion
from tests.e2e.processes import Home, Up, tenant_file

TOKEN = "acme-token"
QUICK = """\
ingest: {http: {max_body_bytes: 1048576}}
respond: {first_pause_ms: 100, longest_pause_ms: 400, longest_lag_ms: 2500}
"""
_numbers = iter(range(10_000))


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    with running_lab(processes()) as address:
        yield address


@pytest.fixture
def home(tmp_path: Path, lab: str) -> Home:
    home = Home(tmp_path, {"ACME_TOKEN": TOKEN})
    home.configure({"acme": tenant_file(lab, "ACME_TOKEN")}, QUICK)
    return home


@pytest.fixture
def intrusion(lab: str) -> Intrusion:
    return enrolled(lab)


def enrolled(lab: str) -> Intrusion:
    """An intrusion whose machine and account the products know."""
    one = Intrusion(next(_numbers))
    for path, name in (("hosts", one.host), ("accounts", one.account)):
        body = {"name": name} | ({"domain": "corp.example"} if path == "hosts" else {"dns_domain": "corp.example"})
        httpx.post(f"{lab}/lab/{path}", json=[body]).raise_for_status()
    return one


def post(up: Up, body: bytes, token: str = TOKEN, **headers: str) -> httpx.Response:
    """Send records as a shipper does."""
    given = {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return httpx.post(f"{up.address}/v1/records", content=body, headers=given)


def strike(up: Up, intrusion: Intrusion) -> None:
    """Let an intrusion happen now."""
    assert post(up, intrusion.records(time.time_ns() // 1_000_000)).status_code == 202


def changes(lab: str, target: str) -> dict[str, int]:
    """How often each state of ``target`` was changed, by the lab's own count."""
    rows = httpx.get(f"{lab}/lab/transitions").json()
    return {row["operation"]: row["count"] for row in rows if row["target"] == target}


def test_records_are_taken_or_refused_with_a_reason(home: Home) -> None:
    record = b'{"EventID": 1, "Channel": "Application", "Hostname": "WKS01"}'
    with home.up() as up:
        assert post(up, record).json() == {"accepted": 1}
        assert post(up, gzip.compress(record + b"\n" + record), content_encoding="gzip").json() == {"accepted": 2}
        assert post(up, record, token="somebody-else").status_code == 401
        assert post(up, b" " * 1_048_577).status_code == 413
        refused = post(up, record + b"\nno json")
        assert (refused.status_code, refused.json()["record"]) == (400, 2)


def test_it_says_that_it_lives_is_ready_and_how_it_fares(home: Home) -> None:
    with home.up() as up:
        assert httpx.get(f"{up.address}/live").json() == {"live": True}
        assert httpx.get(f"{up.address}/ready").json() == {"ready": True, "waiting_for": []}
        assert "stanch_ledger_partitions" in httpx.get(f"{up.address}/metrics").text


@pytest.mark.slow
async def test_an_intrusion_is_contained_shown_and_undone_by_hand(home: Home, lab: str, intrusion: Intrusion) -> None:
    with home.up() as up:
        strike(up, intrusion)
        hold = await published(home.state, "holds", hold_of(intrusion.account, "verified"))
        assert changes(lab, intrusion.account) == {"disable": 1}
        assert intrusion.account in home.command("incidents").stdout
        assert hold["uid"] in home.command("holds", "--tenant", "acme").stdout
        assert home.command("release", hold["uid"], "--reason", "a drill").returncode == 0
        await published(home.state, "holds", hold_of(intrusion.account, "released"))
        assert changes(lab, intrusion.account) == {"disable": 1, "enable": 1}


async def test_after_halt_nothing_is_contained_any_more(home: Home, lab: str, intrusion: Intrusion) -> None:
    with home.up() as up:
        assert home.command("halt", "--reason", "a drill").returncode == 0
        strike(up, intrusion)
        denied = await published(home.state, "holds", hold_of(intrusion.account, "denied"))
        assert "HALT" in denied["reason"]
        await published(home.state, "holds", hold_of(intrusion.host, "denied"))
        assert changes(lab, intrusion.account) == changes(lab, intrusion.host) == {}


async def test_halt_lets_releases_go_on(home: Home, lab: str, intrusion: Intrusion) -> None:
    with home.up() as up:
        strike(up, intrusion)
        hold = await published(home.state, "holds", hold_of(intrusion.account, "active", "verified"))
        home.command("halt")
        home.command("release", hold["uid"])
        await published(home.state, "holds", hold_of(intrusion.account, "released"))
        assert changes(lab, intrusion.account) == {"disable": 1, "enable": 1}


@pytest.mark.slow
async def test_a_poison_record_is_kept_and_comes_back_while_others_pass(home: Home, intrusion: Intrusion) -> None:
    with home.up() as up:
        poison = post(up, b"\xff\xfe no event\n", content_type="text/plain", x_stanch_source="windows_event_json")
        assert poison.status_code == 202
        strike(up, intrusion)
        letter = await published(home.state, "dead-letters", lambda body: body["service"] == "ingest")
        await published(home.state, "holds", hold_of(intrusion.account, "active", "verified"))
        assert letter["uid"] in home.command("dead-letters", "list").stdout
        assert home.command("dead-letters", "replay").stdout.startswith("1 back on their topics")
        await published(home.state, "dead-letters", lambda body: body["headers"].get("replayed-from") == letter["uid"])
        assert "1 had been put back before" in home.command("dead-letters", "replay", "--service", "ingest").stdout


@pytest.mark.slow
async def test_killed_with_a_hold_and_unread_records_it_goes_on_and_doubles_nothing(
    home: Home, lab: str, intrusion: Intrusion
) -> None:
    unread = enrolled(lab)
    with home.up() as up:
        strike(up, intrusion)
        hold = await published(home.state, "holds", hold_of(intrusion.account, "active", "verified"))
        strike(up, unread)
        up.kill()
    with home.up():
        await published(home.state, "holds", hold_of(unread.account, "verified"))
        home.command("release", hold["uid"])
        await published(home.state, "holds", hold_of(intrusion.account, "released"))
        assert changes(lab, intrusion.account) == {"disable": 1, "enable": 1}
        assert changes(lab, unread.account) == {"disable": 1}


def test_a_second_one_on_the_same_state_is_refused_in_one_line(home: Home) -> None:
    with home.up():
        second = home.command("up", "--config", str(home.config), "--port", "0")
    assert second.returncode == 2
    assert [line for line in second.stderr.splitlines() if line.strip()] == [
        f"another `stanch up` runs on {home.state}: stop it, or set STANCH_HOME to another folder"
    ]


def test_a_taken_port_is_refused_in_one_line(home: Home, tmp_path: Path) -> None:
    with home.up() as up:
        port = up.address.rpartition(":")[2]
        other = Home(tmp_path / "other", home.secrets)
        other.configure({})
        second = other.command("up", "--config", str(other.config), "--port", port)
    assert second.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in second.stderr


async def test_asked_to_end_it_ends_cleanly_and_in_time(home: Home, intrusion: Intrusion) -> None:
    with home.up() as up:
        strike(up, intrusion)
        await published(home.state, "holds", hold_of(intrusion.account, "pending", "active"))
        assert up.stop() == 0


def test_wrong_configuration_lists_every_error_and_starts_nothing(home: Home) -> None:
    home.configure({"acme": "mode: ARMD\nnetworks: [10.0.0.0/99]\n", "Bolt": ""}, "respnd: {}\nmatch: {rulez: []}\n")
    refused = home.command("up", "--config", str(home.config), "--port", "0")
    tenants = home.folder / "tenants"
    wanted = (f"{home.config}:2:", f"{home.config}:3:", f"{tenants / 'acme.yaml'}:1:", f"{tenants / 'acme.yaml'}:2:",
              f"{tenants / 'Bolt.yaml'}:1:")  # fmt: skip
    assert refused.returncode == 2
    for place in wanted:
        assert place in refused.stderr
    assert not (home.state / "log.sqlite3").exists()


def test_what_no_service_can_work_with_is_refused_with_its_line_too(home: Home) -> None:
    connector = '  - {name: fw, kind: plane_firewall, base_url: "http://firewall.example"}'
    contact = "  - {channel: pager, address: ana}"
    home.configure({"acme": f"connectors:\n{connector}\ncontacts:\n{contact}\n"}, "notify:\n  channels: {pager: {}}\n")
    refused = home.command("up", "--config", str(home.config), "--port", "0")
    tenant = home.folder / "tenants" / "acme.yaml"
    told = [line for line in refused.stderr.splitlines() if line.startswith("/")]
    assert refused.returncode == 2
    assert [" ".join(line.split(" ")[:2]) for line in told] == [
        f"{tenant}:2: connectors.0:",
        f"{home.config}:3: notify.channels.pager:",
        f"{tenant}:4: contacts.0:",
    ]
