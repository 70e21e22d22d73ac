"""How many events per second and core either engine takes, beside what parsing their JSON alone costs.

Where SigmaHQ and the recordings are at hand (``STANCH_DATA``): all of its rules with ours on real mixed Windows events, and on
process creation and file events as another engine's own generator makes them. Else our own rules on a recording of our own, and
it says so. ``loads`` is `orjson.loads` of the native objects. ``plain`` and ``fast`` are everything that match does with a
batch as it stands on `events`: headers, bytes, matching, and the findings as bytes. One process, one thread, CPU time.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from benchmarks._lanes import ABSENT, PLACEHOLDERS, SIGMA_HQ, events, has_sigma_hq, lanes
from benchmarks._rates import rates
from runtime.log import Received
from schemas.event import EventHeaders
from services.detect.match.core.engine import Engine
from services.detect.match.core.rule import Rule
from services.detect.match.fast.engine import FastEngine
from services.detect.match.load import OWN_RULES, load
from services.detect.match.stream import BATCH, Matcher

EVENTS = 10_000
ROUNDS = 3
HEAD = f"{'lane':<22}{'rules':>6}{'bytes':>7}{'loads/s':>16}{'plain/s':>15}{'fast/s':>16}{'hits':>7}{'fast hits':>10}{'fast / loads':>13}{'/ plain':>8}"


def main() -> None:
    """Measure and print the table."""
    found = lanes(EVENTS)
    rules: dict[str, Sequence[Path]] = {"our rules": (OWN_RULES,)}
    if has_sigma_hq():
        rules["SigmaHQ's rules and ours"] = (*SIGMA_HQ, OWN_RULES)
    else:
        print(f"SigmaHQ's rules and {ABSENT}")
    given = {lane: events(records) for lane, records in found.items()}
    for what, directories in rules.items():
        started = time.process_time()
        compiled = load(directories, PLACEHOLDERS)
        print(f"{what}: loaded in {time.process_time() - started:.1f} s of CPU time\n{HEAD}")
        for lane, each in given.items():
            _report(lane, compiled.rules, each)


def _report(lane: str, rules: Sequence[Rule], given: Sequence[tuple[Received, EventHeaders]]) -> None:
    raws = [headers.native(received.value) for received, headers in given]
    batches = [[received for received, _ in given[at : at + BATCH]] for at in range(0, len(given), BATCH)]

    def parse() -> None:
        for raw in raws:
            orjson.loads(raw)

    plain, fast = Matcher(Engine(rules)), Matcher(FastEngine(rules))
    hits, fast_hits = _handled(plain, batches), _handled(fast, batches)
    found = rates(
        len(given),
        {"loads": parse, "plain": lambda: _handled(plain, batches), "fast": lambda: _handled(fast, batches)},
        ROUNDS,
    )
    quick = found["fast"].middle
    print(
        f"{lane:<22}{len(rules):>6}{sum(map(len, raws)) // len(raws):>7}{found['loads']!s:>16}{found['plain']!s:>15}"
        f"{found['fast']!s:>16}{hits:>7}{fast_hits:>10}{quick / found['loads'].middle:>13.2f}"
        f"{quick / found['plain'].middle:>8.1f}",
        flush=True,
    )


def _handled(matcher: Matcher, batches: Sequence[Sequence[Received]]) -> int:
    """Return how many findings there are."""
    return sum(len(one) for batch in batches for one in matcher.handle_batch(batch, 0) if isinstance(one, list))
