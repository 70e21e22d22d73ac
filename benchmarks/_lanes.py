"""What benchmarks run on: a recording of our own, and, where they are at hand (``STANCH_DATA``), real recordings and rules."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import zstandard

from lab.recording import RecordingOptions, record
from runtime.log import Received
from schemas.event import EventHeaders
from schemas.identity import REPLAY_KEY
from services.ingest.__main__ import normalizer
from services.ingest.core import Context
from services.ingest.ports import AUTO, Hints

TENANT = "bench"
OURS = "our recording"
REAL = "Windows, mixed, real"
ABSENT = "real recordings are not here (STANCH_DATA): our own recording only"
DATA = Path(os.environ.get("STANCH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
SIGMA_HQ = tuple(DATA / "sigma" / name for name in ("rules", "rules-emerging-threats", "rules-threat-hunting"))
PLACEHOLDERS = {"known_cdcs": ("pki1.corp.example",)}
"""What SigmaHQ's rules leave to the user's configuration."""
_REAL = {
    REAL: DATA / "corpora" / "windows-mixed-50k.ndjson.zst",
    "process creation": DATA / "corpora" / "rsigma-lane-process-creation-10k.ndjson.zst",
    "file events": DATA / "corpora" / "rsigma-lane-file-event-10k.ndjson.zst",
}


def lanes(count: int) -> Mapping[str, Sequence[bytes]]:
    """Return at most ``count`` records of each recording that there is."""
    found = {OURS: [line.strip() for line in record(RecordingOptions(benign_factor=4)).lines][:count]}
    return found | {name: _real(path, count) for name, path in _REAL.items() if path.exists()}


def has_sigma_hq() -> bool:
    """Whether SigmaHQ's rules are here."""
    return all(folder.exists() for folder in SIGMA_HQ)


def _real(path: Path, count: int) -> list[bytes]:
    with path.open("rb") as file:
        text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file))
        return [line.rstrip("\n").encode() for line, _ in zip(text, range(count), strict=False)]


def events(records: Sequence[bytes]) -> list[tuple[Received, EventHeaders]]:
    """Return the events that the records become, as they come from the log."""
    normalize = normalizer().normalize
    made = []
    for index, raw in enumerate(records):
        event = normalize(raw, Context(TENANT, REPLAY_KEY, AUTO, f"bench:{index}", Hints()))
        received = Received("events", 0, index, TENANT, "", event.value, event.headers.as_headers(), event.headers.time)
        made.append((received, event.headers))
    return made
