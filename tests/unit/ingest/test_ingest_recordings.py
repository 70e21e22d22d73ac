"""The recordings that are not part of the repository: every record is accounted for."""

from collections import Counter
from pathlib import Path

import pytest

from runtime.errors import Rejected
from schemas.identity import REPLAY_KEY
from services.ingest.__main__ import normalizer
from services.ingest.core import Context
from services.ingest.receivers.files import read_records
from tests.real_data import real_data

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

FACT_KINDS = {
    *(f"microsoft-windows-sysmon/operational/{number}" for number in (1, 3, 5, 8, 10, 11, 13, 15, 22)),
    *(f"security/{number}" for number in (4624, 4625, 4648, 4662, 4688, 4697, 4698, 4702, 4720, 4768, 4769, 4771, 4776,
                                          5140, 5156)),
    "system/7045", "windows powershell/400", "microsoft-windows-powershell/operational/4103",
}  # fmt: skip
"""What correlation keeps facts of: none of these may become a base event."""


def counted(*paths: Path) -> tuple[Counter[str], Counter[str]]:
    """What became of the records, and the kinds of the base events."""
    normalize, fates, base = normalizer().normalize, Counter[str](), Counter[str]()
    for raw in read_records(paths):
        fates["records"] += 1
        try:
            made = normalize(raw.record, Context("acme", REPLAY_KEY, raw.source, raw.position, raw.hints))
        except Rejected:
            fates["dead"] += 1
            continue
        fates["normalized" if made.mapped else "base"] += 1
        if not made.mapped:
            base[made.headers.kind] += 1
    return fates, base


@pytest.mark.parametrize(
    ("recording", "records"),
    [
        ("empire_psexec_dcerpc_tcp_svcctl.zip", 4_348),
        ("empire_wmic_add_user_backdoor.zip", 12_278),
        ("purplesharp_ad_playbook_I.zip", 25_993),
        ("metasploit_out-minidump_lsass_memory_dump.zip", 40_568),
        ("metasploit_logonpasswords_lsass_memory_dump.zip", 53_698),
    ],
)
def test_windows_recordings(recording: str, records: int) -> None:
    fates, base = counted(real_data("scenarios", "otrf", recording))
    assert fates["records"] == records == fates["normalized"] + fates["base"]
    assert not FACT_KINDS.intersection(base)


@pytest.mark.parametrize(("recording", "records"), [("NASHUA-zeek_logs.zip", 1_725), ("SCRANTON-zeek_logs.zip", 415),
                                                    ("metasploit_logonpasswords_lsass_memory_dump_zeek_logs.zip", 261)])  # fmt: skip
def test_zeek_logs(recording: str, records: int) -> None:
    fates, base = counted(real_data("scenarios", "otrf", recording))
    assert fates["records"] == records == fates["normalized"] + fates["base"]
    assert not {"zeek/conn", "zeek/dns"}.intersection(base)


@pytest.mark.parametrize(
    ("path", "records"), [("scenarios/stratus", 142), ("scenarios/otrf/ec2_proxy_s3_exfiltration.zip", 103)]
)
def test_cloudtrail_has_no_base_event(path: str, records: int) -> None:
    fates, _ = counted(real_data(*path.split("/")))
    assert fates == {"records": records, "normalized": records}


def test_samples_of_rules_in_both_forms_are_the_same_events() -> None:
    """Each sample lies there as EVTX and as JSON; both must come out with the same kinds and nothing lost."""
    root = real_data("sigma", "regression_data")
    fates, base = counted(*sorted(root.rglob("*.evtx")), *sorted(root.rglob("*.json")))
    assert fates["records"] == fates["normalized"]
    assert not base


@pytest.mark.parametrize("name", ["loghub_OpenSSH_2k.log", "loghub_Linux_2k.log", "loghub_Apache_2k.log"])
def test_text_logs(name: str) -> None:
    fates, _ = counted(real_data("logs", name))
    assert fates["records"] == 2_000 == fates["normalized"] + fates["base"]


def test_other_sensors_of_one_intrusion() -> None:
    paths = sorted(real_data("scenarios", "otrf").glob("*log4shell*.zip"))
    fates, _ = counted(*paths)
    assert fates["records"] == 39 + 487 + 50 + 93 + 5 == fates["normalized"] + fates["base"]
