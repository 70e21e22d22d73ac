"""Recorded intrusions of others (OTRF Security-Datasets): what a correct system concludes from each, and nothing else."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.replay import ReplayReport
from tests.e2e.intrusion_rules import with_sigmahq
from tests.real_data import real_data
from tests.replaying import held, play


@dataclass(frozen=True)
class Expected:
    """Who must be held, which addresses must be held or proposed, and who must be named as spared."""

    recording: str
    hosts: frozenset[str]
    accounts: frozenset[str]
    addresses: frozenset[str] = frozenset()
    acceptable: frozenset[str] = frozenset()
    spared: frozenset[str] = frozenset()


EXPECTED = (
    Expected(
        "empire_wmic_add_user_backdoor",
        hosts=frozenset({"WORKSTATION5"}),
        accounts=frozenset({"THESHIRE\\pgustavo"}),
        addresses=frozenset({"10.10.10.5"}),
        acceptable=frozenset({"WORKSTATION6\\backdoor"}),
        spared=frozenset({"MORDORDC"}),
    ),
    Expected(
        "empire_psexec_dcerpc_tcp_svcctl",
        hosts=frozenset({"WORKSTATION5", "WORKSTATION6"}),
        accounts=frozenset({"THESHIRE\\pgustavo"}),
        addresses=frozenset({"10.10.10.5"}),
        spared=frozenset({"MORDORDC"}),
    ),
    Expected(
        "purplesharp_ad_playbook_I",
        hosts=frozenset({"WORKSTATION5"}),
        accounts=frozenset({"THESHIRE\\pgustavo"}),
        spared=frozenset({"MORDORDC", "THESHIRE\\mscott", "THESHIRE\\pbeesly"}),
    ),
    Expected(
        "metasploit_logonpasswords_lsass_memory_dump",
        hosts=frozenset({"MKT01"}),
        accounts=frozenset({"PANDALAB\\pedro.gustavo"}),
        addresses=frozenset({"10.0.5.13"}),
        acceptable=frozenset({"PANDALAB\\stevie.marie"}),
    ),
    Expected(
        "metasploit_out-minidump_lsass_memory_dump",
        hosts=frozenset({"IT01"}),
        accounts=frozenset({"PANDALAB\\pedro.gustavo"}),
        addresses=frozenset({"10.0.5.13"}),
    ),
)


def targets(report: ReplayReport, kind: str) -> set[str]:
    return {name for found, name in held(report) if found == kind}


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("expected", EXPECTED, ids=lambda one: one.recording)
def test_the_right_things_are_held_and_nothing_else(expected: Expected, tmp_path: Path) -> None:
    report = play([real_data("scenarios", "otrf", f"{expected.recording}.zip")], tmp_path, settings=with_sigmahq())
    asked = {hold.target.id for hold in report.holds if hold.state.value == "awaiting_approval"}
    events = report.events
    assert events.records == events.normalized + events.base + events.dead_letters
    assert targets(report, "host") == expected.hosts
    assert targets(report, "account") - expected.acceptable == expected.accounts
    assert expected.addresses <= targets(report, "address") | asked
    assert targets(report, "address") | asked <= expected.addresses | expected.acceptable
    assert len(report.incidents) == 1
    assert expected.spared <= {one.id for one in report.spared}
