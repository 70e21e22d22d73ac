"""How many events per second and core the plain engine takes, beside what parsing their JSON alone costs.

Where SigmaHQ and the recordings are at hand (``STANCH_DATA``): all of its rules with ours on the real mixed Windows lane. Else
our own rules on a recording of our own, and it says so. ``with findings`` is everything that match does with an event: headers,
decoding, matching, and the findings as bytes.
"""

import io
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import zstandard

from lab.recording import RecordingOptions, record
from runtime.log import Received
from schemas.event import EventHeaders
from schemas.identity import REPLAY_KEY
from services.detect.match.core.engine import Engine
from services.detect.match.load import OWN_RULES, load
from services.detect.match.stream import Matcher
from services.ingest.__main__ import normalizer
from services.ingest.core import Context
from services.ingest.ports import AUTO, Hints

EVENTS = 20_000
ROUNDS = 3
_DATA = Path(os.environ.get("STANCH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
_LANE = _DATA / "corpora" / "windows-mixed-50k.ndjson.zst"
_FOLDERS = tuple(_DATA / "sigma" / name for name in ("rules", "rules-emerging-threats", "rules-threat-hunting"))
_CONFIGURED = {"known_cdcs": ("pki1.corp.example",)}


def main() -> None:
    """Measure and print the table."""
    film = [line.strip() for line in record(RecordingOptions(benign_factor=4)).lines]
    lanes = {"our recording": film[:EVENTS]}
    rules: dict[str, Sequence[Path]] = {"ours": (OWN_RULES,)}
    if _LANE.exists() and all(folder.exists() for folder in _FOLDERS):
        lanes["windows, mixed, real"] = _real()
        rules["SigmaHQ and ours"] = (*_FOLDERS, OWN_RULES)
    else:
        print("SigmaHQ and the recordings are not here (STANCH_DATA): our own rules on our own recording only")
    print(f"{'lane':<22}{'rules':<18}{'rules':>6}{'loads/s':>10}{'match/s':>10}{'with findings/s':>17}{'hits':>7}")
    for what, directories in rules.items():
        started = time.process_time()
        compiled = load(directories, _CONFIGURED)
        seconds = time.process_time() - started
        for lane, records in lanes.items():
            _report(lane, what, Engine(compiled.rules), records)
        print(f"{'':<22}{what}: loaded in {seconds:.1f} s of CPU time")


def _real() -> list[bytes]:
    with _LANE.open("rb") as file:
        text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file))
        return [line.rstrip("\n").encode() for line, _ in zip(text, range(EVENTS), strict=False)]


def _report(lane: str, rules: str, engine: Engine, records: Sequence[bytes]) -> None:
    events = _events(records)
    natives = [orjson.loads(headers.native(received.value)) for received, headers in events]
    matcher, count = Matcher(engine), len(events)

    def parse() -> None:
        for received, headers in events:
            orjson.loads(headers.native(received.value))

    def match() -> None:
        for native, (_, headers) in zip(natives, events, strict=True):
            engine.match(native, headers)

    def handle() -> None:
        for received, _ in events:
            matcher.handle(received, 0)

    hits = sum(len(matcher.handle(received, 0)) for received, _ in events)
    figures = (_rate(parse, count), _rate(match, count), _rate(handle, count))
    loads, matches, handled = figures
    print(f"{lane:<22}{rules:<18}{len(engine.rules):>6}{loads:>10,.0f}{matches:>10,.0f}{handled:>17,.0f}{hits:>7}")


def _events(records: Sequence[bytes]) -> list[tuple[Received, EventHeaders]]:
    normalize = normalizer().normalize
    made = []
    for index, raw in enumerate(records):
        event = normalize(raw, Context("bench", REPLAY_KEY, AUTO, f"bench:{index}", Hints()))
        received = Received("events", 0, index, "bench", "", event.value, event.headers.as_headers(), 0)
        made.append((received, event.headers))
    return made


def _rate(work: Callable[[], None], count: int) -> float:
    """Return the best rate of several rounds, by CPU time: the machine may be shared."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return count / best
