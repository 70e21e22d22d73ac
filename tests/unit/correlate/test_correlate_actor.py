"""A finding names its actor, never the object attacked."""

from typing import Any

import pytest

from services.detect.correlate.core.finding import Actor
from services.detect.correlate.native import actor_of, mentions_of

SYSMON = "microsoft-windows-sysmon/operational"
HOST = {"Hostname": "pc1.corp.example"}


def actor(kind: str, **fields: Any) -> Actor:
    return actor_of(kind, {**HOST, **fields})


def test_a_thread_in_another_process_is_its_sources_deed() -> None:
    found = actor(f"{SYSMON}/8", SourceProcessGuid="{G1}", SourceImage="C:\\X\\a.exe", TargetProcessGuid="{G2}")
    assert (found.process.guid, found.process.image) == ("{g1}", "\\x\\a.exe")


def test_an_access_is_its_sources_deed_whatever_the_spelling() -> None:
    assert actor(f"{SYSMON}/10", SourceProcessGUID="{G1}", SourceProcessId="12").process.pid == 12


def test_an_inbound_connection_is_the_peers_deed() -> None:
    found = actor(f"{SYSMON}/3", Initiated="false", SourceIp="10.0.0.9", SourcePort="4444", ProcessGuid="{G}")
    assert (found.source, found.source_port, found.process.guid) == ("10.0.0.9", 4444, "")


def test_a_ticket_is_the_requesters_deed_not_the_controllers() -> None:
    found = actor("security/4769", TargetUserName="eve@CORP.EXAMPLE", IpAddress="::ffff:10.0.0.9", ServiceName="sql")
    assert (found.account, found.source, found.process.pid) == ("CORP\\eve", "10.0.0.9", 0)


def test_a_validation_is_the_workstations_deed() -> None:
    assert actor("security/4776", Workstation="\\\\PC9", TargetUserName="bob").source == "PC9"


def test_a_failed_logon_is_the_callers_deed_never_the_victims() -> None:
    found = actor("security/4625", TargetUserName="bob", ProcessId="0x1d60", ProcessName="C:\\x.exe", IpAddress="-")
    assert found.process.pid == 0x1D60
    assert "bob" not in found.account


@pytest.mark.parametrize("kind", ["security/4697", "system/7045"])
def test_a_service_stands_for_itself(kind: str) -> None:
    assert actor(kind, ServiceName="Updater").service == "service:updater"


def test_an_image_path_in_the_registry_is_the_services_not_the_managers() -> None:
    key = "HKLM\\System\\CurrentControlSet\\Services\\Updater\\ImagePath"
    found = actor(f"{SYSMON}/13", TargetObject=key, Image="C:\\Windows\\system32\\services.exe", ProcessGuid="{G}")
    assert (found.service, found.process.guid) == ("service:updater", "")


def test_a_change_of_the_directory_is_the_subjects_session() -> None:
    found = actor("security/4720", SubjectLogonId="0x3E9A", SubjectUserName="eve", SubjectDomainName="CORP")
    assert (found.session, found.account) == ("0x3e9a", "CORP\\eve")


def test_an_unknown_kind_names_the_host_only() -> None:
    assert actor("application/1000", ProcessId="12") == Actor("PC1")


@pytest.mark.parametrize("junk", [{}, {"ProcessId": []}, {"SourceIp": 5, "Initiated": None}, {"Hostname": 3}])
@pytest.mark.parametrize("kind", [f"{SYSMON}/3", f"{SYSMON}/8", "security/4688", "security/4769", "x", ""])
def test_garbage_gives_nobody(kind: str, junk: dict[str, Any]) -> None:
    assert actor_of(kind, junk).process.pid == 0
    assert mentions_of(junk) == ()


def test_what_an_event_names_is_mentioned() -> None:
    found = mentions_of({**HOST, "SubjectUserName": "PC1$", "SubjectDomainName": "CORP", "TargetUserName": "-"})
    assert {(each.kind, each.name) for each in found} == {("host", "PC1"), ("account", "CORP\\pc1$")}
