"""What context reads from native Windows events; most of a stream is never decoded."""

from typing import Any

import orjson
import pytest

from runtime.errors import Rejected
from runtime.log import Received
from schemas.event import EventHeaders, LogSource
from schemas.fact import (
    Connection,
    CredentialAccess,
    CredentialUsed,
    FileWritten,
    ProcessStarted,
    ServiceMade,
    SessionOpened,
    decode,
    encode,
)
from schemas.identity import compose
from services.detect.context.command import shape
from services.detect.context.core import EXTRACTORS, facts, may_carry
from services.detect.context.stream import handle

SYSMON = "microsoft-windows-sysmon/operational"
HOST = {"Hostname": "pc1.corp.example"}


def only(kind: str, **fields: Any) -> Any:
    [fact] = facts(kind, {**HOST, **fields}, 1000, "e1")
    assert (fact.host, fact.time, fact.event) == ("PC1", 1000, "e1")
    return fact


def test_a_start_by_either_sensor() -> None:
    line = {"CommandLine": "cmd /c whoami"}
    one = only(
        f"{SYSMON}/1", ProcessGuid="{G}", ProcessId="500", Image="C:\\Windows\\cmd.exe", User="CORP\\Eve", **line
    )
    two = only("security/4688", NewProcessId="0x1f4", NewProcessName="C:\\Windows\\cmd.exe", SubjectUserName="Eve",
               SubjectDomainName="CORP", TargetLogonId="0x0", SubjectLogonId="0x5A", **line)  # fmt: skip
    assert isinstance(one, ProcessStarted)
    assert isinstance(two, ProcessStarted)
    assert (one.process.pid, one.process.image, one.user) == (two.process.pid, two.process.image, two.user)
    assert one.command == two.command
    assert two.session == "0x5a"


def test_the_system_started_by_a_machine_account_is_the_system() -> None:
    fact = only(
        "security/4688",
        NewProcessId="0x8",
        MandatoryLabel="S-1-16-16384",
        SubjectUserName="PC1$",
        SubjectDomainName="CORP",
    )
    assert (fact.user, fact.integrity) == ("NT AUTHORITY\\system", "system")


def test_devices_and_drives_agree() -> None:
    one = only(
        f"{SYSMON}/3",
        Image="C:\\Windows\\System32\\a.exe",
        Initiated="true",
        SourceIp="10.0.0.1",
        DestinationIp="::ffff:10.0.0.2",
    )
    two = only(
        "security/5156",
        Application="\\device\\harddiskvolume3\\windows\\system32\\a.exe",
        Direction="%%14593",
        DestAddress="10.0.0.2",
    )
    assert isinstance(one, Connection)
    assert one.process.image == two.process.image == "\\windows\\system32\\a.exe"
    assert one.destination == two.destination
    assert one.outbound
    assert two.outbound


def test_only_reading_lsass_is_an_access() -> None:
    target = {"TargetImage": "C:\\Windows\\System32\\lsass.exe", "SourceProcessId": "9"}
    assert isinstance(
        only(f"{SYSMON}/10", GrantedAccess="0x1010", CallTrace="a|UNKNOWN(0)", **target), CredentialAccess
    )
    assert not facts(f"{SYSMON}/10", {**HOST, "GrantedAccess": "0x1000", **target}, 0, "e")
    assert not facts(f"{SYSMON}/10", {**HOST, "GrantedAccess": "0x1010", "TargetImage": "C:\\a.exe"}, 0, "e")


def test_the_mark_of_the_web_and_where_it_came_from() -> None:
    contents = "[ZoneTransfer]\r\nZoneId=3\r\nHostUrl=http://203.0.113.9:8080/a.exe\r\n"
    fact = only(f"{SYSMON}/15", TargetFilename="C:\\Users\\eve\\a.exe:Zone.Identifier", Contents=contents)
    assert isinstance(fact, FileWritten)
    assert (fact.path, fact.marked, fact.origins) == ("\\users\\eve\\a.exe", True, ("203.0.113.9",))
    inner = contents.replace("ZoneId=3", "ZoneId=1")
    assert not facts(f"{SYSMON}/15", {**HOST, "TargetFilename": "C:\\a.exe:Zone.Identifier", "Contents": inner}, 0, "e")


def test_a_session_says_from_where() -> None:
    fact = only("security/4624", TargetUserName="eve", TargetDomainName="corp.example", TargetLogonId="0x7F", LogonType="3",
                IpAddress="10.0.0.9", IpPort="50123")  # fmt: skip
    assert isinstance(fact, SessionOpened)
    assert (fact.account, fact.session, fact.kind, fact.client, fact.client_port) == (
        "CORP\\eve",
        "0x7f",
        "network",
        "10.0.0.9",
        50123,
    )


@pytest.mark.parametrize(("cipher", "weak"), [("0x17", True), ("0x12", False), ("0x3", True)])
def test_a_ticket_under_a_cipher_that_can_be_broken(cipher: str, weak: bool) -> None:
    fact = only("security/4769", TargetUserName="eve@CORP.EXAMPLE", ServiceName="Sql", TicketEncryptionType=cipher)
    assert isinstance(fact, CredentialUsed)
    assert (fact.account, fact.service, fact.weak) == ("CORP\\eve", "sql", weak)


def test_a_validation_that_succeeded_is_no_fact() -> None:
    assert not facts("security/4776", {**HOST, "Status": "0x0", "TargetUserName": "eve"}, 0, "e")
    assert only("security/4776", Status="0xc000006a", TargetUserName="eve", Workstation="PC9").workstation == "PC9"


def test_a_service_by_three_witnesses() -> None:
    line = "%COMSPEC% /C start powershell"
    log = only("security/4697", ServiceName="Updater", ServiceFileName=line, SubjectLogonId="0x9")
    report = only("system/7045", ServiceName="Updater", ImagePath=line)
    registry = only(
        f"{SYSMON}/13", TargetObject="HKLM\\System\\CurrentControlSet\\Services\\Updater\\ImagePath", Details=line
    )
    assert {type(each) for each in (log, report, registry)} == {ServiceMade}
    assert len({(each.name, each.command.digest) for each in (log, report, registry)}) == 1


def test_a_command_line_keeps_its_shape_however_long_it_is() -> None:
    hidden = shape("powershell -w hidden -enc " + "QQBBAEEA" * 5000)
    assert (hidden.encoded, hidden.hidden) == (True, True)
    assert len(hidden.text) <= 240
    assert not shape("powershell -File backup.ps1").encoded
    assert not shape("notepad -enc " + "QQBBAEEA" * 50).encoded


@pytest.mark.parametrize("kind", sorted(EXTRACTORS))
@pytest.mark.parametrize(
    "junk", [{}, {"ProcessId": {}}, {"Hostname": "a", "ProcessId": "zz", "IpAddress": "x", "Contents": 4}]
)
def test_garbage_is_no_bug(kind: str, junk: dict[str, Any]) -> None:
    for fact in facts(kind, junk, 0, "e"):
        assert decode(encode(fact)) == fact


def test_kinds_without_facts_are_not_decoded() -> None:
    assert not may_carry("security/4658", b"{}")
    assert not may_carry(f"{SYSMON}/10", b'{"TargetImage":"C:\\\\a.exe"}')
    assert may_carry(f"{SYSMON}/10", b'{"TargetImage":"C:\\\\LSASS.EXE"}')
    assert may_carry(f"{SYSMON}/10", b'{"TargetImage":"C:\\\\l\\u0073ass.exe"}'), "an escape must not hide it"


def event(kind: str, native: dict[str, Any]) -> Received:
    raw = orjson.dumps(native)
    headers = EventHeaders("e1", "windows", LogSource("windows"), kind, 1000, 0, len(raw)).as_headers()
    return Received("events", 0, 0, "acme", "", raw, headers, 0)


def test_the_shell_publishes_by_host() -> None:
    [message] = handle(event("security/4689", {**HOST, "ProcessId": "0x10"}), 0)
    assert (message.topic, message.tenant, message.key) == ("facts", "acme", compose("acme", "PC1"))
    assert decode(message.value).event == "e1"


@pytest.mark.parametrize("raw", [b"{", b"[]", b"1"])
def test_what_is_no_event_is_rejected(raw: bytes) -> None:
    headers = EventHeaders("e1", "windows", LogSource("windows"), "security/4689", 1000, 0, len(raw)).as_headers()
    with pytest.raises(Rejected):
        handle(Received("events", 0, 0, "acme", "", raw, headers, 0), 0)
    with pytest.raises(Rejected):
        handle(Received("events", 0, 0, "acme", "", raw, {}, 0), 0)
