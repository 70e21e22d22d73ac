"""Whatever arrives, in whatever order and however often, and wherever the process dies: one message per incident."""

from collections import defaultdict
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.machine import Outcome, Tick
from schemas.hold import HoldState
from tests.unit.notify.stage import Stage, hold, incident, received

incidents = st.builds(
    incident,
    st.integers(1, 3),
    version=st.integers(1, 5),
    severity=st.integers(1, 6),
    status=st.sampled_from([1, 2, 5]),
    taken=st.lists(st.sampled_from(["WKS07", "WKS08"]), unique=True),
    merged_into=st.sampled_from([None, None, None, 1, 2, 3]),
)
holds = st.builds(hold, st.sampled_from(list(HoldState)), st.integers(1, 4), of=st.integers(1, 3))
pauses = st.floats(0, 40)
happenings = st.lists(st.one_of(incidents, holds, pauses, st.sampled_from(["down", "up", "crash"])), max_size=30)


def play(stage: Stage, happening: object, twice: bool) -> None:
    match happening:
        case float():
            stage.wait(happening)
        case "down" | "up":
            stage.provider_is_up = happening == "up"
        case "crash":
            stage.restart()
            stage.perform(stage.give(Tick(resumed=True)))
        case _:
            for _ in range(1 + twice):
                stage.tell(happening)  # type: ignore[arg-type]


@given(happenings, st.booleans())
@settings(max_examples=150, deadline=None)
def test_sequences_grow_without_gap_and_nothing_is_told_twice(happened: list[object], twice: bool) -> None:
    stage = Stage()
    for happening in happened:
        play(stage, happening, twice)
    stage.provider_is_up = True
    stage.wait(25 * 3_600)
    told = defaultdict(list)
    for one in stage.accepted():
        told[one.incident].append(one)
    for line in told.values():
        assert [one.sequence for one in line] == list(range(len(line)))
        assert line[0].cause == "first"
        assert all(later.text != sooner.text for sooner, later in pairwise(line))
        assert len({one.uid for one in line}) == len(line)
    assert not stage.state.open
    assert stage.machine.deadline(stage.state) is None


@given(st.lists(st.one_of(incidents, holds), max_size=15), st.integers(0, 14))
@settings(max_examples=100, deadline=None)
def test_a_crash_between_send_and_outcome_repeats_the_key_and_loses_nothing(happened: list[object], at: int) -> None:
    stage, sent = Stage(), []
    for number, happening in enumerate(happened):
        actions = stage.give(received(happening))  # type: ignore[arg-type]
        sent += [action.uid for action in actions]
        if number == at:
            stage.restart()
            again = stage.give(Tick(resumed=True))
            assert {action.uid for action in again} == set(sent) & set(stage.state.open)
            actions = again
        for action in actions:
            stage.give(Outcome(action.uid, {"result": "accepted", "reason": "HTTP 204"}))
        stage.wait(1)
    stage.wait(3_600)
    accepted = [one.uid for one in stage.accepted()]
    assert len(accepted) == len(set(accepted))
    assert set(sent) <= set(accepted)


@given(happenings)
@settings(max_examples=60, deadline=None)
def test_a_snapshot_is_the_whole_state(happened: list[object]) -> None:
    stage = Stage()
    for happening in happened:
        play(stage, happening, twice=False)
        before = stage.state
        stage.restart()
        assert stage.state == before


@given(st.lists(st.tuples(st.sampled_from(["acme", "globex"]), st.integers(1, 2), st.integers(1, 6)), max_size=12))
@settings(max_examples=60, deadline=None)
def test_no_message_of_one_tenant_holds_anything_of_another(mixed: list[tuple[str, int, int]]) -> None:
    stages = {name: Stage(tenant=name) for name in ("acme", "globex")}
    for version, (name, number, severity) in enumerate(mixed, 1):
        secret = f"{name.upper()}HOST"
        stages[name].tell(
            incident(
                number, tenant=name, version=version, severity=severity, taken=(secret,), story=f"seen on {secret}"
            ),
            hold(HoldState.VERIFIED, number, tenant=name, of=number, target=secret),
        )
        stages[name].wait(5)
    for name, other in (("acme", "globex"), ("globex", "acme")):
        everything = "".join(one.model_dump_json() for one in stages[name].published) + str(stages[name].asked)
        assert other not in everything.lower()
