"""Any order of wishes, decisions, modes, answers and crashes keeps the invariants, and comes to rest.

The bench asserts I1-I5 and I9 at every step; here the ends are judged: one transition per generation, nothing foreign
undone, every lease over in time.
"""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.entity import Authority, Entity
from schemas.mode import Mode
from tests.property.respond.stories import Story, judge
from tests.unit.respond.bench import Bench, FakeProduct
from tests.unit.respond.incidents import START, address, host, incident, received

steps = st.one_of(
    st.tuples(st.just("wish"), st.sampled_from(["i-1", "i-2"])),
    st.tuples(st.just("perform"), st.sampled_from(["ok", "lost", "not_sent", "later"])),
    st.tuples(st.just("perform"), st.just("ok")),
    st.tuples(st.just("crash"), st.sampled_from(["before the call", "after the call"])),
    st.tuples(st.just("time"), st.sampled_from(["next", "an hour"])),
    st.tuples(st.just("finish"), st.just("")),
    st.tuples(st.just("mode"), st.sampled_from([Mode.ARMED, Mode.HALT, Mode.HALT_ALL, Mode.APPROVE_ALL])),
    st.tuples(st.just("release"), st.just("")),
    st.tuples(st.just("approve"), st.just("")),
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.booleans(), st.sampled_from([host, address]), st.lists(steps, max_size=30))
def test_any_story_ends_with_one_transition_per_generation_and_nothing_left_contained(
    names_owner: bool, asynchronous: bool, about: Callable[..., Entity], played: list[tuple[str, str]]
) -> None:
    story = Story(FakeProduct(names_owner=names_owner or about is address, asynchronous=asynchronous), about)
    story.play("wish", "i-1")
    for what, how in played:
        story.play(what, how)
    story.rest()
    judge(story)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.lists(steps, max_size=30))
def test_what_is_foreign_is_never_undone(asynchronous: bool, played: list[tuple[str, str]]) -> None:
    story = Story(FakeProduct(asynchronous=asynchronous))
    story.play("wish", "i-1")
    lane = next(iter(story.bench.state.lanes))
    thing = story.bench.product.thing(lane)
    thing.applied, thing.owner = True, "somebody"
    for what, how in played:
        story.play(what, how)
    story.rest()
    assert story.bench.product.transitions == []
    assert thing.applied


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=25))
def test_the_ledger_and_its_snapshot_tell_the_same_state(played: list[tuple[str, str]]) -> None:
    story = Story(FakeProduct())
    story.play("wish", "i-1")
    for what, how in played:
        story.play(what, how)
    bench = story.bench
    replayed = bench.machine.fresh("acme")
    for entry in bench.ledger:
        replayed = bench.machine.fold(replayed, entry)
    assert replayed == bench.state
    assert bench.machine.restore("acme", bench.machine.snapshot(bench.state)) == bench.state


@settings(max_examples=60, deadline=None)
@given(st.permutations(["i-1", "i-2", "i-3"]), st.integers(min_value=0, max_value=5))
def test_however_many_incidents_want_it_one_effect_serves_them(order: list[str], repeats: int) -> None:
    story = Story(FakeProduct())
    for uid in order * (repeats + 1):
        story.play("wish", uid)
        story.play("perform", "ok")
    story.bench.go_on(START + 60_000)
    assert story.bench.transitions("apply") == 1
    story.rest()
    assert story.bench.transitions("release") == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([Authority.PROPOSE, Authority.ACT, Authority.NONE]), min_size=1, max_size=6))
def test_only_the_authority_to_act_acts(authorities: list[Authority]) -> None:
    bench = Bench()
    for authority in authorities:
        bench.give(received("incidents", incident(host(authority=authority))))
    assert bool(bench.state.lanes) == (Authority.ACT in authorities)
