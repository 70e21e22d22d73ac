"""Measures that come twice, or in any order within the allowed lateness, lead to the same findings and the same state."""

import random
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.finding import Finding
from schemas.measure import Measure
from services.detect.pulse.core.pulse import Pulse
from services.detect.pulse.settings import Settings

START = 1_760_000_040
SETTINGS = Settings(window_seconds=10, lateness_seconds=30, learn_windows=3, silence_seconds=60, volume_least=10)
LATE = 30

Told = Sequence[tuple[str, int, object]]


@st.composite
def days(draw: st.DrawFn) -> list[tuple[Measure, str]]:
    """Some minutes of two sources and a rule, with pauses and bursts."""
    measures = []
    for service, subject, name in (
        ("ingest", "a", "normalized"),
        ("ingest", "b", "dead_letters"),
        ("detect.match", "r", "findings"),
    ):
        second = START
        for index in range(draw(st.integers(0, 25))):
            second += draw(st.sampled_from([1, 5, 9, 10, 11, 100]))
            count = draw(st.sampled_from([1, 20, 5_000]))
            one = Measure(tenant="acme", service=service, name=name, subject=subject, second=second, count=count)
            measures.append((one, f"{subject}/{index}"))
    return sorted(measures, key=lambda pair: pair[0].second)


def heard(arrivals: Sequence[tuple[int, Measure, str]], looks: Sequence[int], end: int) -> tuple[Told, bytes]:
    """What is told, and the state at the end, when measures arrive at these instants and somebody looks at those."""
    pulse, told = Pulse(SETTINGS), list[Finding]()
    steps = sorted([(at, index, (measure, cause)) for index, (at, measure, cause) in enumerate(arrivals)]
                   + [(at, -1, None) for at in looks], key=lambda step: step[:2])  # fmt: skip
    for at, _, given_ in [*steps, (end, -1, None)]:
        told += pulse.advance("acme", at)
        if given_ is not None:
            pulse.observe(*given_, at)
    state = [pulse.watches["acme"].series[key] for key in sorted(pulse.watches["acme"].series)] if pulse.watches else []
    facts = sorted((one.finding_info.uid, one.time, msgspec.json.encode(one.evidences[0].data)) for one in told)
    return facts, msgspec.json.encode(state, order="sorted")


@settings(max_examples=150, deadline=None)
@given(days(), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(day: list[tuple[Measure, str]], chance: random.Random) -> None:
    end = (START + 4_000) * 1000
    plain = [((one.second + 1) * 1000, one, cause) for one, cause in day]
    mixed = [((one.second + 1) * 1000 + chance.randrange(LATE * 1000), one, cause)
             for one, cause in day for _ in range(chance.choice([1, 1, 2]))]  # fmt: skip
    looks = [(START + chance.randrange(4_000)) * 1000 for _ in range(20)]
    assert heard(mixed, looks, end) == heard(plain, [], end)


@settings(max_examples=100, deadline=None)
@given(days(), st.integers(0, 75))
def test_hearing_a_stretch_again_changes_nothing(day: list[tuple[Measure, str]], back: int) -> None:
    end = (START + 4_000) * 1000
    plain = [((one.second + 1) * 1000, one, cause) for one, cause in day]
    last = max((at for at, _, _ in plain), default=0)
    again = [(last, one, cause) for _, one, cause in plain[-back:]]
    assert heard([*plain, *again], [], end) == heard(plain, [], end)
