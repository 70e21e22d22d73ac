"""How many events per second and core context takes, beside what parsing the JSON of the same events would cost.

Context decides by the kind of an event whether it can carry a fact, and decodes those alone: so it may well be faster than
the control, which decodes all of them.
"""

from collections.abc import Sequence

import orjson

from benchmarks._lanes import ABSENT, REAL, events, lanes
from benchmarks._rates import rates
from services.detect.context.stream import handle

EVENTS = 20_000


def main() -> None:
    """Measure and print the table."""
    found = lanes(EVENTS)
    if REAL not in found:
        print(ABSENT)
    print(f"{'lane':<22}{'events':>8}{'bytes':>7}{'facts':>8}{'loads/s':>16}{'events/s':>16}{'events / loads':>16}")
    for lane, records in found.items():
        _report(lane, records)


def _report(lane: str, records: Sequence[bytes]) -> None:
    given = events(records)
    natives = [headers.native(received.value) for received, headers in given]

    def parse() -> None:
        for native in natives:
            orjson.loads(native)

    def take_facts() -> None:
        for received, _ in given:
            handle(received, received.at)

    facts = sum(len(handle(received, received.at)) for received, _ in given)
    found = rates(len(given), {"loads": parse, "events": take_facts})
    ratio = found["events"].middle / found["loads"].middle
    size = sum(map(len, natives)) // len(natives)
    print(
        f"{lane:<22}{len(given):>8}{size:>7}{facts / len(given):>8.1%}"
        f"{found['loads']!s:>16}{found['events']!s:>16}{ratio:>16.2f}"
    )
