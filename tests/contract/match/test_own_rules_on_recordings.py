"""What our own rules, without any download, say of recorded intrusions and of ordinary logs."""

from collections import Counter

import pytest

from schemas.finding import Level
from services.detect.correlate.sigma_correlation.correlator import Correlator
from services.detect.correlate.sigma_correlation.load import load_correlations
from services.detect.match.core.engine import Engine
from services.detect.match.core.findings import finding
from services.detect.match.load import OWN_RULES, load
from tests.reading import read_events
from tests.real_data import real_data

pytestmark = pytest.mark.real_data

_ENGINE = Engine(load([OWN_RULES]).rules)
_CORRELATIONS = load_correlations([OWN_RULES]).rules


def _severe(*parts: str) -> Counter[str]:
    """The titles of severe findings, conclusions among them."""
    correlator, titles = Correlator("acme", _CORRELATIONS), Counter[str]()
    for native, headers in read_events(real_data(*parts)):
        for match in _ENGINE.match(native, headers):
            found = finding("acme", match, native, headers)
            for one in (found, *correlator.observe(found, headers.time)):
                if one.unmapped.stanch.level in {Level.HIGH, Level.CRITICAL}:
                    titles[one.finding_info.title] += 1
    return titles


RECORDED = [
    ("empire_psexec_dcerpc_tcp_svcctl.zip", {"service": "Service Runs", "script": "PowerShell Starts Hidden"}),
    ("empire_wmic_add_user_backdoor.zip", {"script": "PowerShell Starts Hidden"}),
    (
        "metasploit_logonpasswords_lsass_memory_dump.zip",
        {"inject": "Program In A User's Path Starts A Thread", "cred": "Launcher Of The Operating System Reads LSASS"},
    ),
    (
        "metasploit_out-minidump_lsass_memory_dump.zip",
        {"cred": "Program In A User's Path Opens LSASS", "file": "Dump File Of LSASS"},
    ),
    ("sysmon_log4shell_cve2021_44228_java_serialized_object.zip", {"script": "PowerShell Starts Hidden"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("recording", "expected"), RECORDED)
def test_an_intrusion_is_told_by_severe_findings(recording: str, expected: dict[str, str]) -> None:
    titles = _severe("scenarios", "otrf", recording)
    for anchor, beginning in expected.items():
        assert any(title.startswith(beginning) for title in titles), anchor


def test_a_web_servers_error_log_gives_no_severe_finding() -> None:
    assert _severe("logs", "loghub_Apache_2k.log") == {}


def test_a_recorded_night_of_guessing_names_the_guessers() -> None:
    titles = _severe("logs", "loghub_OpenSSH_2k.log")
    assert set(titles) == {"SSH Passwords Are Guessed", "SSH User Names Are Tried"}
