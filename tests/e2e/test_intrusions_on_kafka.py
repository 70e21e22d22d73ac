"""The recorded intrusions on a real broker, every service its own process: concluded as on the embedded log."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from stanch.replay.cluster import Staged, Terms
from tests.e2e.intrusion_rules import with_sigmahq
from tests.e2e.staging import repeated, slugs, stage
from tests.real_data import real_data
from tests.replaying import Conclusion, conclusion, play

RECORDINGS = (
    "empire_wmic_add_user_backdoor",
    "empire_psexec_dcerpc_tcp_svcctl",
    "purplesharp_ad_playbook_I",
    "metasploit_logonpasswords_lsass_memory_dump",
)
PARTITIONS = 4
KILLS = {
    "detect.match": "log.write.appended:3",
    "detect.context": "log.write.complete:3",
    "detect.correlate": "log.write.complete:3",
    "respond": "ledger.acted:2",
}
"""Where one process of each is killed with kill -9, work in flight."""

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@cache
def recordings() -> Mapping[str, Path]:
    """Each recording under the name of a tenant with a partition of its own."""
    names = slugs(len(RECORDINGS), PARTITIONS)
    return {slug: real_data("scenarios", "otrf", f"{name}.zip") for slug, name in zip(names, RECORDINGS, strict=True)}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Conclusion]:
    """What is concluded in one process, on the embedded log."""
    home = tmp_path_factory.mktemp("embedded")
    return {slug: conclusion(play([path], home, settings=with_sigmahq())) for slug, path in recordings().items()}


def concluded(staged: Staged) -> Mapping[str, Conclusion]:
    return {slug: conclusion(played.report) for slug, played in staged.played.items()}


@pytest.mark.parametrize("index", range(len(RECORDINGS)), ids=RECORDINGS)
def test_one_partition(index: int, expected: Mapping[str, Conclusion], tmp_path: Path) -> None:
    slug, path = list(recordings().items())[index]
    staged = stage({slug: path}, tmp_path, with_sigmahq(), Terms())
    assert concluded(staged) == {slug: expected[slug]}
    assert repeated(staged) == {}


def test_four_tenants_at_once_on_four_partitions_with_two_processes_of_each_service(
    expected: Mapping[str, Conclusion], tmp_path: Path
) -> None:
    staged = stage(recordings(), tmp_path, with_sigmahq(), Terms(PARTITIONS, members=2))
    assert concluded(staged) == expected
    assert repeated(staged) == {}


def test_the_same_with_kill_9_while_work_is_in_flight(expected: Mapping[str, Conclusion], tmp_path: Path) -> None:
    staged = stage(recordings(), tmp_path, with_sigmahq(), Terms(PARTITIONS, members=2, failpoints=KILLS))
    assert sorted(staged.killed) == sorted(KILLS)
    assert concluded(staged) == expected
    assert repeated(staged) == {}
