"""Counting beats by arithmetic agrees with walking through time."""

from hypothesis import given
from hypothesis import strategies as st

from lab.timeline import Beat, Timeline

instants = st.integers(min_value=1, max_value=2_000)
changes = st.lists(st.tuples(instants, st.booleans()), max_size=8)
beats = st.builds(lambda period, phase: Beat(period, phase % period), st.integers(1, 90), st.integers(0, 89))


def timeline_of(steps: list[tuple[int, bool]]) -> Timeline:
    timeline = Timeline(False)
    for at, value in steps:
        timeline.turn(at, value)
    return timeline


@given(changes, beats, instants, instants, st.booleans())
def test_a_count_is_what_a_walk_finds(
    steps: list[tuple[int, bool]], beat: Beat, after: int, until: int, value: bool
) -> None:
    timeline = timeline_of(steps)
    walked = [t for t in range(after + 1, until + 1) if t % beat.period == beat.phase and timeline.value(t) is value]
    assert timeline.count(beat, after, until, value) == len(walked)


@given(changes, beats, instants, instants)
def test_the_newest_come_first_and_none_is_left_out(
    steps: list[tuple[int, bool]], beat: Beat, after: int, until: int
) -> None:
    timeline = timeline_of(steps)
    listed = list(timeline.newest(beat, after, until))
    assert [at for at, _ in listed] == sorted((at for at, _ in listed), reverse=True)
    assert sum(value for _, value in listed) == timeline.count(beat, after, until, True)


@given(changes, instants, st.booleans())
def test_the_last_word_counts(steps: list[tuple[int, bool]], at: int, value: bool) -> None:
    timeline = timeline_of(steps)
    timeline.turn(at, value)
    assert timeline.wanted() is value
    assert timeline.value(at) is value
    assert timeline.value(1 << 60) is value
