"""A declared mapping makes a source out of a YAML file; a wrong one is refused with file and line."""

from pathlib import Path

import orjson
import pytest

from runtime.errors import ConfigError
from schemas.identity import REPLAY_KEY
from services.ingest.adapters import load_sources
from services.ingest.core import Context, Normalized, Normalizer
from services.ingest.mapping.apply import at_path
from services.ingest.ports import AUTO, Hints
from tests.contract.ingest.ocsf_schema import faults_of

VPN = """\
version: 1
name: corp_vpn
recognise: [vpnGateway, peer]
logsource: {product: corp_vpn, service: auth}
time: {path: at, form: milliseconds}
class_uid: 3002
activity: {path: action, values: {connect: 1, disconnect: 2}, otherwise: 99}
constants: {service.name: vpn}
fields:
  user.name: login
  src_endpoint.ip: peer.address
  src_endpoint.port: peer.ports.0
  status_id: {path: result, values: {ok: 1, denied: 2}, otherwise: 0}
host: vpnGateway
accounts: [{name: login, domain: realm}]
addresses: [peer.address]
"""
RECORD = {
    "at": 1_709_640_000_250, "vpnGateway": "gw-1.corp.example", "action": "CONNECT", "login": "Jo", "realm": "corp.example",
    "peer": {"address": "203.0.113.9", "ports": ["40001"]}, "result": "denied",
}  # fmt: skip


def made(tmp_path: Path, record: object, yaml: str = VPN) -> Normalized:
    file = tmp_path / "vpn.yaml"
    file.write_text(yaml)
    context = Context("acme", REPLAY_KEY, AUTO, "p", Hints(at=1))
    return Normalizer(load_sources([file])).normalize(orjson.dumps(record), context)


def test_a_record_becomes_what_the_mapping_says(tmp_path: Path) -> None:
    normalized = made(tmp_path, RECORD)
    event = orjson.loads(normalized.value)
    assert faults_of(event) == []
    assert (event["type_uid"], event["status_id"], event["time"]) == (300201, 2, 1_709_640_000_250)
    assert event["src_endpoint"] == {"ip": "203.0.113.9", "port": 40001}
    assert (normalized.headers.source, normalized.headers.kind) == ("corp_vpn", "corp_vpn/event")
    assert normalized.headers.logsource.product == "corp_vpn"
    assert [one["value"] for one in normalized.observables] == ["GW-1", "CORP\\jo", "203.0.113.9"]
    assert (normalized.entity, normalized.mapped) == ("GW-1", True)


def test_a_record_that_lacks_what_the_class_requires_is_a_base_event(tmp_path: Path) -> None:
    normalized = made(tmp_path, {"vpnGateway": "gw-1", "peer": {}})
    assert (normalized.mapped, normalized.headers.source) == (False, "corp_vpn")
    assert orjson.loads(normalized.value)["class_uid"] == 0


def test_values_of_the_wrong_type_are_left_out(tmp_path: Path) -> None:
    event = orjson.loads(made(tmp_path, RECORD | {"peer": {"address": "nowhere", "ports": [{}]}}).value)
    assert faults_of(event) == []
    assert "src_endpoint" not in event


def test_constants_are_not_shared_between_events(tmp_path: Path) -> None:
    yaml = VPN.replace(
        "constants: {service.name: vpn}", "constants: {service.name: vpn, actor: {user: {name: unknown}}}"
    )
    yaml = yaml.replace("fields:\n", "fields:\n  actor.user.uid: sid\n")
    first = orjson.loads(made(tmp_path, RECORD | {"sid": "S-1"}, yaml).value)
    second = orjson.loads(made(tmp_path, RECORD, yaml).value)
    assert first["actor"]["user"] == {"name": "unknown", "uid": "S-1"}
    assert second["actor"]["user"] == {"name": "unknown"}


@pytest.mark.parametrize(
    ("path", "value"), [("a.b", 1), ("c.d", 2), ("l.1", "y"), ("l.9", None), ("l.x", None), ("a.b.c", None), ("", None)]
)
def test_a_path_finds_what_stands_there(path: str, value: object) -> None:
    assert at_path({"a": {"b": 1}, "c.d": 2, "l": ["x", "y"]}, path) == value


def test_every_error_is_listed_with_file_and_line(tmp_path: Path) -> None:
    wrong, clash = tmp_path / "wrong.yaml", tmp_path / "clash.yaml"
    wrong.write_text(
        VPN.replace("class_uid: 3002", "class_uid: 31337").replace("  user.name: login", "  User Name: login")
    )
    clash.write_text(VPN.replace("name: corp_vpn\n", "name: zeek\n", 1))
    with pytest.raises(ConfigError) as refusal:
        load_sources([wrong, clash, tmp_path / "absent.yaml"])
    problems = refusal.value.problems
    assert any(problem.startswith(f"{wrong}:6: class_uid") for problem in problems)
    assert any(problem.startswith(f"{wrong}:") and "User Name" in problem for problem in problems)
    assert any(problem.startswith(f"{clash}:") and "'zeek' exists already" in problem for problem in problems)
    assert any("absent.yaml" in problem for problem in problems)


def test_a_mapping_whose_events_could_never_be_complete_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "vpn.yaml"
    file.write_text(VPN.replace("  user.name: login\n", "").replace("constants: {service.name: vpn}\n", ""))
    with pytest.raises(ConfigError, match="class 3002 requires user, service or dst_endpoint"):
        load_sources([file])
