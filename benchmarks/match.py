"""How many events per second and core the plain engine takes, beside what parsing their JSON alone costs.

Where SigmaHQ and the recordings are at hand (``STANCH_DATA``): all of its rules with ours on the real mixed Windows lane. Else
our own rules on a recording of our own, and it says so. ``with findings`` is everything that match does with an event: headers,
decoding, matching, and the findings as bytes.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from benchmarks._lanes import ABSENT, PLACEHOLDERS, SIGMA_HQ, events, has_sigma_hq, lanes
from benchmarks._rates import rates
from services.detect.match.core.engine import Engine
from services.detect.match.load import OWN_RULES, load
from services.detect.match.stream import Matcher

EVENTS = 20_000
ROUNDS = 3


def main() -> None:
    """Measure and print the table."""
    found = lanes(EVENTS)
    rules: dict[str, Sequence[Path]] = {"ours": (OWN_RULES,)}
    if has_sigma_hq():
        rules["SigmaHQ and ours"] = (*SIGMA_HQ, OWN_RULES)
    else:
        print(f"SigmaHQ's rules and {ABSENT}")
    print(
        f"{'lane':<22}{'rules':<18}{'rules':>6}{'loads/s':>15}{'match/s':>15}{'with findings/s':>17}{'hits':>7}{'/ loads':>9}"
    )
    for what, directories in rules.items():
        started = time.process_time()
        compiled = load(directories, PLACEHOLDERS)
        seconds = time.process_time() - started
        for lane, records in found.items():
            _report(lane, what, Engine(compiled.rules), records)
        print(f"{'':<22}{what}: loaded in {seconds:.1f} s of CPU time")


def _report(lane: str, rules: str, engine: Engine, records: Sequence[bytes]) -> None:
    given = events(records)
    raws = [headers.native(received.value) for received, headers in given]
    natives = [orjson.loads(raw) for raw in raws]
    matcher = Matcher(engine)

    def parse() -> None:
        for raw in raws:
            orjson.loads(raw)

    def match() -> None:
        for native, (_, headers) in zip(natives, given, strict=True):
            engine.match(native, headers)

    def handle() -> None:
        for received, _ in given:
            matcher.handle(received, 0)

    hits = sum(len(matcher.handle(received, 0)) for received, _ in given)
    found = rates(len(given), {"loads": parse, "match": match, "handle": handle}, ROUNDS)
    print(
        f"{lane:<22}{rules:<18}{len(engine.rules):>6}{found['loads']!s:>15}{found['match']!s:>15}{found['handle']!s:>17}"
        f"{hits:>7}{found['match'].middle / found['loads'].middle:>9.3f}"
    )
