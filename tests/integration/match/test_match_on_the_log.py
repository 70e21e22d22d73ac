"""From an event on the log to a finding on the log, with the rules that come with the product and one more."""

from pathlib import Path

import orjson
import pytest

from runtime.clock import VirtualClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.errors import ConfigError
from runtime.log import Message
from schemas.event import EventHeaders, LogSource
from schemas.finding import Finding, Stage
from schemas.tenant import Tenant
from services.detect.match.__main__ import compose
from services.detect.match.settings import Settings

DUMP = {
    "Channel": "Microsoft-Windows-Sysmon/Operational",
    "EventID": 11,
    "Image": "C:\\Windows\\System32\\rundll32.exe",
    "TargetFilename": "C:\\Windows\\Temp\\lsass.dmp",
}
OWN = """
title: Dump files are secrets here
name: our_dump
id: 5b1d6f0a-0000-4000-8000-0000000000cc
logsource: {product: windows, category: file_event}
detection:
  sel: {TargetFilename|endswith|expand: '%dumps%'}
  condition: sel
level: low
---
title: Broken
id: 5b1d6f0a-0000-4000-8000-0000000000cd
logsource: {product: windows}
detection: {sel: {a: 1}, condition: nothing}
"""


def _event(number: int, native: bytes) -> Message:
    kind = "microsoft-windows-sysmon/operational/11"
    headers = EventHeaders(f"e{number}", "windows", LogSource("windows"), kind, 1_709_640_000_000, 12, len(native))
    return Message("events", "acme", "4:acme|3:WKS", b'{"unmapped":' + native + b"}", headers.as_headers())


async def test_events_become_findings_and_a_poison_record_blocks_nobody(tmp_path: Path) -> None:
    clock = VirtualClock(1_709_640_000_000)
    (tmp_path / "own.yml").write_text(OWN)
    settings = Settings(
        rules=(tmp_path / "own.yml",), placeholders={"dumps": (".dmp",)}, stages={"our_dump": Stage.OBSERVE}
    )
    log = EmbeddedLog(tmp_path / "log.sqlite3", clock)
    tenant = Tenant.model_validate({"slug": "acme"})
    worker = compose(Deployment(log, {"acme": tenant}, clock, tmp_path), settings)
    await log.append([_event(1, b"{poison}"), _event(2, orjson.dumps(DUMP)), _event(3, b'{"EventID":11}')])
    await worker.start()
    while await worker.step(0):
        pass
    await worker.stop()
    found = [Finding.model_validate_json(one.value) async for one in log.read("findings", 0)]
    letters = [one async for one in log.read("dead-letters", 0)]
    await log.close()
    told = {finding.finding_info.title: finding.unmapped.stanch for finding in found}
    assert {title: (detail.stage, detail.event_uid) for title, detail in told.items()} == {
        "Dump File Of LSASS Is Written": (Stage.ALERT, "e2"),
        "Dump files are secrets here": (Stage.OBSERVE, "e2"),
    }
    assert len(letters) == 1


def test_a_folder_of_rules_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    clock = VirtualClock(0)
    deployment = Deployment(EmbeddedLog(None, clock), {}, clock, tmp_path)
    with pytest.raises(ConfigError, match=r"match\.rules\.0: .*absent does not exist"):
        compose(deployment, Settings(rules=(tmp_path / "absent",)))
