"""What lives for long is not walked over and over."""

import gc
from collections.abc import Iterator

import pytest

from runtime.collector import spare_the_old


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_a_million_objects_that_stay_cost_no_full_collection() -> None:
    spare_the_old()
    before = gc.get_stats()[2]["collections"]
    kept = [{"number": number} for number in range(1_000_000)]
    assert len(kept) == 1_000_000
    assert gc.get_stats()[2]["collections"] == before


def test_cycles_that_die_young_are_freed_all_the_same() -> None:
    spare_the_old()
    before = sum(each["collected"] for each in gc.get_stats()[:2])
    for _ in range(300_000):
        cycle: list[object] = []
        cycle.append(cycle)
    assert sum(each["collected"] for each in gc.get_stats()[:2]) - before > 100_000
