"""The laws on recorded intrusions that are not ours: what a correct system concludes, in any order and under any names."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from schemas.entity import Authority, Role
from schemas.event import EventHeaders
from services.detect.match.core.engine import Engine
from services.detect.match.load import OWN_RULES, load
from tests.correlate_harness import Moment, Played, moments, play
from tests.reading import read_events
from tests.real_data import data_root, real_data

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@dataclass(frozen=True)
class Expectation:
    """What must be within reach of a control; an address may be acted on or proposed."""

    recording: str
    hosts: frozenset[str]
    accounts: frozenset[str]
    addresses: frozenset[str] = field(default=frozenset())
    acceptable: frozenset[str] = field(default=frozenset())

    @property
    def needed(self) -> frozenset[str]:
        return self.hosts | self.accounts | self.addresses


EXPECTED = (
    Expectation(
        "empire_wmic_add_user_backdoor", frozenset({"WORKSTATION5"}), frozenset({"THESHIRE\\pgustavo"}),
        frozenset({"10.10.10.5"}), frozenset({"WORKSTATION6\\backdoor"}),
    ),
    Expectation(
        "empire_psexec_dcerpc_tcp_svcctl", frozenset({"WORKSTATION5", "WORKSTATION6"}), frozenset({"THESHIRE\\pgustavo"}),
        frozenset({"10.10.10.5"}),
    ),
    Expectation("purplesharp_ad_playbook_I", frozenset({"WORKSTATION5"}), frozenset({"THESHIRE\\pgustavo"})),
    Expectation(
        "metasploit_logonpasswords_lsass_memory_dump", frozenset({"MKT01"}), frozenset({"PANDALAB\\pedro.gustavo"}),
        frozenset({"10.0.5.13"}), frozenset({"PANDALAB\\stevie.marie"}),
    ),
    Expectation(
        "metasploit_out-minidump_lsass_memory_dump", frozenset({"IT01"}), frozenset({"PANDALAB\\pedro.gustavo"}),
        frozenset({"10.0.5.13"}),
    ),
)  # fmt: skip
EACH = pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: each.recording)
SHORT = pytest.mark.parametrize("expected", EXPECTED[:3], ids=lambda each: each.recording)


@cache
def engine() -> Engine:
    sigma = ("rules", "rules-emerging-threats", "rules-threat-hunting")
    return Engine(load([OWN_RULES, *(real_data("sigma", name) for name in sigma)]).rules)


@cache
def events(recording: str) -> tuple[tuple[dict[str, Any], EventHeaders], ...]:
    return tuple(read_events(real_data("scenarios", "otrf", f"{recording}.zip")))


@cache
def film(recording: str) -> tuple[Moment, ...]:
    return tuple(moments(events(recording), engine()))


@cache
def whole(recording: str) -> Played:
    return play(film(recording))


def reached(played: Played) -> dict[str, Authority]:
    return {
        each.id: each.authority
        for incident in played.incidents
        for each in incident.detail.entities
        if each.authority is not Authority.NONE
    }


def check(played: Played, expected: Expectation, names: Mapping[str, str] | None = None) -> None:
    called = {name: (names or {}).get(name, name) for name in expected.needed | expected.acceptable}
    taken = reached(played)
    assert set(taken) - {called[name] for name in expected.acceptable} == {called[name] for name in expected.needed}
    assert all(taken[called[name]] is Authority.ACT for name in expected.hosts | expected.accounts)
    assert len(played.incidents) == 1


@EACH
def test_what_a_correct_system_concludes(expected: Expectation) -> None:
    check(whole(expected.recording), expected)


@EACH
def test_controllers_machines_and_victims_are_named_and_spared(expected: Expectation) -> None:
    [incident] = whole(expected.recording).incidents
    for entity in incident.detail.entities:
        if entity.role in {Role.INFRASTRUCTURE, Role.VICTIM, Role.TARGET}:
            assert entity.authority is Authority.NONE
            assert entity.why
    machines = {entity.id for entity in incident.detail.entities if entity.id.endswith("$")}
    assert machines


@EACH
def test_a_shuffle_within_two_seconds_changes_nothing(expected: Expectation) -> None:
    source = random.Random(7)
    shuffled = sorted(film(expected.recording), key=lambda moment: moment.time + source.uniform(0, 2000))
    assert play(shuffled).conclusions == whole(expected.recording).conclusions


@EACH
@pytest.mark.parametrize("seed", [1, 2])
def test_no_order_changes_anything_and_nothing_wrong_is_held_on_the_way(expected: Expectation, seed: int) -> None:
    shuffled = list(film(expected.recording))
    random.Random(seed).shuffle(shuffled)
    played = play(shuffled)
    assert played.conclusions == whole(expected.recording).conclusions
    assert {name for _, name, _ in played.ever} <= expected.needed | expected.acceptable


def renamed(text: str, names: Mapping[str, str]) -> str:
    pattern = re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)), re.IGNORECASE)
    return pattern.sub(lambda found: names[found.group().lower()], text)


def disguise(native: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {key: renamed(value, names) if isinstance(value, str) else value for key, value in native.items()}


NAMES = {
    "workstation5": "kiosk-a1", "workstation6": "kiosk-b2", "workstation7": "kiosk-c3", "mordordc": "vault9",
    "theshire": "orchard", "pgustavo": "m.okafor", "10.10.10.5": "10.77.3.9", "172.18.39": "172.29.4", "172.18.38": "172.29.5",
}  # fmt: skip
CALLED = {
    "WORKSTATION5": "KIOSK-A1", "WORKSTATION6": "KIOSK-B2", "THESHIRE\\pgustavo": "ORCHARD\\m.okafor", "10.10.10.5": "10.77.3.9",
    "WORKSTATION6\\backdoor": "KIOSK-B2\\backdoor",
}  # fmt: skip


@SHORT
def test_names_mean_nothing(expected: Expectation) -> None:
    told = [(disguise(native, NAMES), headers) for native, headers in events(expected.recording)]
    check(play(moments(told, engine())), expected, CALLED)


@SHORT
def test_two_hosts_swapped_swap_their_parts(expected: Expectation) -> None:
    swap = {"workstation5": "workstation7", "workstation7": "workstation5"}
    told = [(disguise(native, swap), headers) for native, headers in events(expected.recording)]
    check(play(moments(told, engine())), expected, {"WORKSTATION5": "WORKSTATION7"})


@EACH
def test_our_own_rules_alone_reach_most(expected: Expectation) -> None:
    """The count is printed, not promised: there SigmaHQ's rules are the second evidence."""
    played = play(moments(events(expected.recording), Engine(load([OWN_RULES]).rules)))
    acted = {name for name, authority in reached(played).items() if authority is Authority.ACT}
    proposed = set(reached(played))
    print(
        f"{expected.recording}: act {len(acted & expected.needed)}, propose {len(proposed & expected.needed)} of {len(expected.needed)}"
    )
    assert proposed <= expected.needed | expected.acceptable


def test_the_sysmon_recording_of_a_server_taken_over_holds_nobody_else() -> None:
    taken = reached(play(film("sysmon_log4shell_cve2021_44228_java_serialized_object")))
    assert set(taken) <= {"WORKSTATION5", "192.168.3.5"}


@pytest.mark.parametrize("name", ["loghub_OpenSSH_2k.log", "loghub_Linux_2k.log", "loghub_Apache_2k.log"])
def test_guessing_at_a_gate_takes_no_account_and_no_host(name: str) -> None:
    real_data("logs", name)
    played = play(moments(read_events(data_root() / "logs" / name), Engine(load([OWN_RULES]).rules)))
    kinds = {
        each.type.value
        for one in played.incidents
        for each in one.detail.entities
        if each.authority is not Authority.NONE
    }
    assert kinds <= ({"address"} if "Apache" not in name else set())
