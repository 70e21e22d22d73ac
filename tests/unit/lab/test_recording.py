"""Our own recording says what its labels say, and nothing in it depends on a name."""

import base64
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from lab.recording import Names, Recording, RecordingOptions, record

Event = dict[str, Any]
OFFICE = record()
EVENTS: list[Event] = [orjson.loads(line) for line in OFFICE.lines]


def events_of(recording: Recording) -> list[Event]:
    return [orjson.loads(line) for line in recording.lines]


def renamed() -> Names:
    """Every name and address another one, none part of an old one."""
    usual = Names()
    return Names(
        dns_domain="umbra.test",
        netbios="UMBRA",
        hosts={role: (f"NODE{n}X", f"172.30.9.{n}") for n, role in enumerate(usual.hosts, 1)},
        accounts={role: f"user{n}q" for n, role in enumerate(usual.accounts, 1)},
        sites={site: f"198.18.5.{n}" for n, site in enumerate(usual.sites, 1)},
        delivery="198.18.7.1",
        command="198.18.7.2",
        network="172.30.0.0/16",
    )


def held(recording: Recording, kind: str) -> list[str]:
    return dict[str, list[str]](recording.labels["attacker_controlled"].items())[kind]  # type: ignore[arg-type]


def scripts(events: list[Event]) -> str:
    commands = " ".join(str(event.get("CommandLine", "")) + str(event.get("ImagePath", "")) for event in events)
    return " ".join(
        base64.b64decode(text).decode("utf-16-le") for text in re.findall(r"-(?:enc|EncodedCommand)\s+(\S+)", commands)
    )


def test_the_same_options_give_the_same_bytes() -> None:
    assert record().lines == OFFICE.lines
    assert record().labels == OFFICE.labels
    assert record(RecordingOptions(seed=8)).lines != OFFICE.lines


def test_there_is_an_office_around_the_intrusion() -> None:
    counts = OFFICE.labels["events"]
    assert counts["benign"] >= 5_000
    assert 100 <= counts["attack"] <= 1_000
    assert counts["administration"] >= 30
    assert counts["total"] == len(OFFICE.lines) == counts["benign"] + counts["attack"] + counts["administration"]
    assert len(Names().hosts) >= 5
    assert len(Names().accounts) >= 8


def test_the_kinds_of_events_that_correlation_needs_are_there() -> None:
    kinds = Counter(
        (event["Channel"].rpartition("/")[0][18:] or event["Channel"], event["EventID"]) for event in EVENTS
    )
    sysmon = {number for channel, number in kinds if channel == "Sysmon"}
    security = {number for channel, number in kinds if channel == "Security"}
    assert sysmon == {1, 3, 5, 7, 8, 10, 11, 13, 15, 22}
    assert security == {4624, 4625, 4634, 4648, 4672, 4688, 4689, 4697, 4768, 4769, 4776, 5140, 5156}
    assert {400, 4103, 4104, 7045} <= {number for _, number in kinds}


def test_the_events_are_in_order_and_each_channel_counts_its_records() -> None:
    times = [event["@timestamp"] for event in EVENTS]
    assert times == sorted(times)
    numbers: dict[tuple[str, str], int] = {}
    for event in EVENTS:
        key = (event["Hostname"], event["Channel"])
        assert event["RecordNumber"] == numbers.get(key, event["RecordNumber"] - 1) + 1
        numbers[key] = event["RecordNumber"]


def test_every_host_account_and_address_of_the_labels_occurs() -> None:
    text = b"".join(OFFICE.lines).decode().lower()
    spared = OFFICE.labels["spared"]
    assert isinstance(spared, list)
    names = [one["id"] for one in spared] + held(OFFICE, "host") + held(OFFICE, "account") + held(OFFICE, "address")
    for name in names:
        assert name.rpartition("\\")[2].lower() in text, name
    assert not {one["id"] for one in spared} & {*held(OFFICE, "host"), *held(OFFICE, "account")}


def test_a_process_has_one_pid_and_both_sensors_agree_on_it() -> None:
    sysmon = {(e["Hostname"], int(e["ProcessId"])): e["Image"] for e in EVENTS if e["EventID"] == 1}
    security = {
        (e["Hostname"], int(e["NewProcessId"], 16)): e["NewProcessName"] for e in EVENTS if e["EventID"] == 4688
    }
    assert sysmon == security
    assert len(sysmon) == sum(1 for event in EVENTS if event["EventID"] == 1)


def test_parents_were_started_before_or_with_the_machine() -> None:
    born = {event["ProcessGuid"]: event for event in EVENTS if event["EventID"] == 1}
    for event in born.values():
        parent = born.get(event["ParentProcessGuid"])
        if parent is not None:
            assert parent["UtcTime"] <= event["UtcTime"]
            assert (parent["Image"], parent["ProcessId"]) == (event["ParentImage"], event["ParentProcessId"])


def test_nothing_happens_in_a_process_that_has_ended() -> None:
    ended = {event["ProcessGuid"]: event["UtcTime"] for event in EVENTS if event["EventID"] == 5}
    for event in EVENTS:
        guid = event.get("ProcessGuid") or event.get("SourceProcessGUID") or event.get("SourceProcessGuid")
        if guid in ended and event["EventID"] != 5:
            assert event["UtcTime"] <= ended[guid], event


def test_the_stolen_account_arrives_over_the_client_port_of_the_implants_process() -> None:
    attack = [EVENTS[number - 1] for number in OFFICE.labels["attack_lines"]]
    (logon,) = (event for event in attack if event["EventID"] == 4624)
    owners = {
        (event["SourceIp"], event["SourcePort"]): event["Image"]
        for event in attack
        if event["EventID"] == 3 and event["Initiated"] == "true"
    }
    assert owners[logon["IpAddress"], logon["IpPort"]].endswith("powershell.exe")
    (service,) = (event for event in attack if event["EventID"] == 4697)
    assert service["SubjectLogonId"] == logon["TargetLogonId"]
    assert f"{logon['TargetDomainName']}\\{logon['TargetUserName']}" in held(OFFICE, "account")


def test_the_administrators_act_has_the_same_shape_and_another_origin() -> None:
    act = [EVENTS[number - 1] for number in OFFICE.labels["administration_lines"]]
    assert {4648, 4624, 4697, 7045, 5140} <= {event["EventID"] for event in act}
    hosts = {event["Hostname"].partition(".")[0] for event in act}
    assert not hosts & set(held(OFFICE, "host"))


def test_the_controller_is_touched_by_what_a_finding_may_name() -> None:
    attack = [EVENTS[number - 1] for number in OFFICE.labels["attack_lines"]]
    controller = Names().hosts["controller"][0]
    touched = {event["EventID"] for event in attack if event["Hostname"].startswith(controller)}
    assert {4768, 4769, 5156} <= touched


def test_renaming_renames_everything_and_nothing_else() -> None:
    other = record(RecordingOptions(names=renamed()))
    text = (b"".join(other.lines).decode() + scripts(events_of(other))).lower() + repr(other.labels).lower()
    usual = Names()
    old = [name for name, _ in usual.hosts.values()] + [address for _, address in usual.hosts.values()]
    old += [*usual.accounts.values(), *usual.sites.values(), usual.delivery, usual.command, usual.dns_domain]
    old.append(usual.netbios)
    assert [name for name in old if re.search(rf"(?<![0-9a-z]){re.escape(name.lower())}(?![0-9a-z])", text)] == []
    assert len(other.lines) == len(OFFICE.lines)
    kinds = [(event["EventID"], event["Channel"], event["@timestamp"], event["RecordNumber"]) for event in EVENTS]
    assert kinds == [(e["EventID"], e["Channel"], e["@timestamp"], e["RecordNumber"]) for e in events_of(other)]
    assert held(other, "host") == ["NODE1X", "NODE6X"]


def test_two_hosts_change_places() -> None:
    patient, other = Names().hosts["finance"][0], Names().hosts["personnel"][0]
    swapped = record(RecordingOptions(swap=(patient, other)))
    assert held(swapped, "host") == [other, held(OFFICE, "host")[1]]
    assert held(swapped, "account") == held(OFFICE, "account")
    here = {patient: "A", other: "B"}
    there = {other: "A", patient: "B"}
    names = [here.get(event["Hostname"].partition(".")[0]) for event in EVENTS]
    assert names == [there.get(event["Hostname"].partition(".")[0]) for event in events_of(swapped)]


def test_a_host_that_does_not_exist_cannot_change_places() -> None:
    with pytest.raises(KeyError):
        record(RecordingOptions(swap=("NOBODY", "FS01")))


def test_without_the_attack_the_rest_is_the_same() -> None:
    quiet = record(RecordingOptions(attack=False))
    attack = set(OFFICE.labels["attack_lines"])
    rest = [event for number, event in enumerate(EVENTS, 1) if number not in attack]
    assert [_unnumbered(event) for event in rest] == [_unnumbered(event) for event in events_of(quiet)]
    assert quiet.labels["attacker_controlled"] == {"host": [], "account": [], "address": []}
    assert quiet.labels["phases"] == []
    text = b"".join(quiet.lines)
    assert Names().command.encode() not in text
    assert Names().delivery.encode() not in text


def test_ten_times_the_everyday_traffic_leaves_the_attack_as_it_is() -> None:
    busy = record(RecordingOptions(benign_factor=10))
    counts, usual = busy.labels["events"], OFFICE.labels["events"]
    assert counts["attack"] == usual["attack"]
    assert counts["benign"] > 8 * usual["benign"]
    pids = [(e["Hostname"], e["ProcessId"]) for e in events_of(busy) if e["EventID"] == 1]
    assert len(pids) == len(set(pids))
    assert all(int(pid) < 65_536 for _, pid in pids)


def test_the_phases_follow_one_another_within_the_recording() -> None:
    phases = OFFICE.labels["phases"]
    begins = [phase["begins"] for phase in phases]
    assert begins == sorted(begins)
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", one) for phase in phases for one in phase["techniques"])


def test_it_is_written_from_the_command_line(tmp_path: Path) -> None:
    out, labels = tmp_path / "out.ndjson", tmp_path / "labels.json"
    command = [sys.executable, "-m", "lab.recording", str(out), "--no-attack", "--labels", str(labels)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    quiet = record(RecordingOptions(attack=False))
    assert out.read_bytes() == b"".join(quiet.lines)
    assert orjson.loads(labels.read_bytes()) == quiet.labels
    assert said == f"{len(quiet.lines)} events\n"


def test_names_stay_as_they_were_after_a_swap() -> None:
    names = Names()
    assert names.swapped("FIN-WS07", "FS01") != names
    assert names == Names()
    assert replace(names, command="198.18.0.1").command == "198.18.0.1"


def _unnumbered(event: Event) -> Event:
    return {key: value for key, value in event.items() if key != "RecordNumber"}


@pytest.mark.parametrize("seed", range(5))
def test_scrambled_names_are_all_different_and_none_is_a_usual_one(seed: int) -> None:
    usual, other = Names(), Names.scrambled(seed)
    words = [name for name, _ in other.hosts.values()] + [address for _, address in other.hosts.values()]
    words += [*other.accounts.values(), *other.sites.values(), other.delivery, other.command, other.netbios]
    assert len(set(words)) == len(words)
    known = {name for pair in usual.hosts.values() for name in pair} | set(usual.accounts.values())
    assert not known & set(words)
    assert Names.scrambled(seed) == other
