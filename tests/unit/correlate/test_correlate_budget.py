"""The memory of all tenants together is bounded: the oldest minutes of whoever holds more than its share go first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.times import MINUTE
from services.detect.correlate.core.budget import Budget
from services.detect.correlate.core.store import Span, Store


def fill(store: Store, minutes: range, each: int = 10) -> None:
    for minute in minutes:
        for number in range(each):
            store.add(("peers", f"host-{minute}", number), number, span(minute))
        store.evict(minute * MINUTE)


def span(minute: int) -> Span:
    return Span(minute * MINUTE, minute * MINUTE, "event")


def kept(store: Store) -> set[str]:
    return {str(key[1]) for key in store.items}


def test_over_the_budget_the_oldest_minutes_go_first() -> None:
    store = Store(Budget(most=100))
    fill(store, range(1000, 1030))
    assert store.held <= 110
    assert kept(store) == {f"host-{minute}" for minute in range(1020, 1030)}


def test_within_the_budget_nothing_goes_early() -> None:
    store = Store(Budget(most=10_000))
    fill(store, range(1000, 1030))
    assert store.held == 300


def test_what_a_story_rests_on_stays() -> None:
    store = Store(Budget(most=50))
    store.add(("peers", "story", 1), 1, span(1000))
    store.subscribe("reader", [("peers", "story", 1)])
    fill(store, range(1000, 1030))
    assert "story" in kept(store)


def test_a_loud_tenant_makes_no_other_forget() -> None:
    budget = Budget(most=100)
    quiet, loud = Store(budget), Store(budget)
    fill(quiet, range(1000, 1004))
    fill(loud, range(1004, 1030))
    quiet.evict(1030 * MINUTE)
    assert quiet.held == 40
    assert quiet.held + loud.held <= 110


def test_a_tenant_that_is_gone_counts_no_more() -> None:
    budget = Budget(most=100)
    gone = Store(budget)
    fill(gone, range(1000, 1009))
    del gone
    store = Store(budget)
    fill(store, range(1000, 1010))
    assert store.held == 100


def test_one_is_told_how_far_back_is_still_seen() -> None:
    told: list[int] = []
    fill(Store(Budget(most=100, short=told.append)), range(1000, 1030))
    assert told
    assert set(told) <= {10, 11}


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(1000, 1100), st.sampled_from(("peers", "start", "host", "names")), st.integers(0, 9))
    ),
    st.integers(1, 50),
)
def test_what_is_counted_is_what_is_there(told: list[tuple[int, str, int]], most: int) -> None:
    store = Store(Budget(most=most))
    for minute, table, number in told:
        store.add((table, number % 3), number, span(minute))
        store.evict(minute * MINUTE)
    assert store.held == sum(len(table) for table in store.items.values())
    aged = {key for key in store.items if key[0] != "host"}
    assert set(store.newest) == aged == {key for keys in store.minutes.values() for key in keys}
    assert all(store.minutes.values())
