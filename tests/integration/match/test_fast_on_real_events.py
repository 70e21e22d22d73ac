"""The fast engine on real events with every rule there is: the same matches as the plain one, event by event."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
import zstandard

from schemas.identity import REPLAY_KEY
from services.detect.match.core.engine import Engine
from services.detect.match.core.route import Kind
from services.detect.match.core.rule import Rule
from services.detect.match.fast.engine import FastEngine
from services.detect.match.load import OWN_RULES, load
from services.ingest.__main__ import normalizer
from services.ingest.core import Context
from services.ingest.ports import AUTO, Hints
from tests.real_data import real_data

EVENTS = 12_000
BATCH = 1_000
LANES = {
    "windows-mixed-50k": 250,
    "rsigma-lane-process-creation-10k": 5_000,
    "rsigma-lane-file-event-10k": 500,
}
"""The recordings, and how many matches there are at the least."""


@pytest.fixture(scope="module")
def rules() -> Sequence[Rule]:
    """All of SigmaHQ's and ours."""
    folders = [real_data("sigma", name) for name in ("rules", "rules-emerging-threats", "rules-threat-hunting")]
    return load([*folders, OWN_RULES], {"known_cdcs": ("pki1.corp.example",)}).rules


def by_kind(recording: Path) -> dict[Kind, list[bytes]]:
    normalize = normalizer().normalize
    found: dict[Kind, list[bytes]] = {}
    with recording.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file))
        for number, line in zip(range(EVENTS), lines, strict=False):
            event = normalize(line.rstrip("\n").encode(), Context("acme", REPLAY_KEY, AUTO, str(number), Hints()))
            found.setdefault(Kind.of(event.headers), []).append(event.headers.native(event.value))
    return found


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("lane", LANES)
def test_the_same_matches_on_every_event(lane: str, rules: Sequence[Rule]) -> None:
    plain, fast, matches = Engine(rules), FastEngine(rules), 0
    for kind, events in by_kind(real_data("corpora", f"{lane}.ndjson.zst")).items():
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            expected = dict(plain.search(kind, batch))
            assert dict(fast.search(kind, batch)) == expected
            matches += sum(len(found.matches) for found in expected.values())
    assert matches >= LANES[lane]
