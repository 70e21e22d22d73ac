"""The room of the HTTP door: what is held comes back, and one tenant does not take it all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.receivers.room import NoRoom, Room

SIZE = 1_000


def test_half_is_whoevers_comes_first_and_half_is_kept_in_shares() -> None:
    room = Room(SIZE, ["a", "b"])
    with room.place("a", 500):
        with pytest.raises(NoRoom), room.place("a", 251):
            pass
        with room.place("a", 250), room.place("b", 250), pytest.raises(NoRoom), room.place("b", 1):
            pass


def test_a_share_that_is_in_use_is_not_kept_twice() -> None:
    room = Room(SIZE, ["a", "b"])
    with room.place("b", 250), room.place("a", 750), pytest.raises(NoRoom), room.place("a", 1):
        pass


def test_who_is_alone_may_fill_the_room_and_nobody_may_more() -> None:
    room = Room(SIZE, ["a", "b"])
    with room.place("a", 10) as place:
        place.grow(SIZE)
    with pytest.raises(NoRoom), room.place("a", SIZE + 1):
        pass


def test_what_was_refused_while_growing_is_given_back() -> None:
    room = Room(SIZE, ["a", "b"])
    with room.place("b", 100):
        with pytest.raises(NoRoom), room.place("a", 10) as place:
            place.grow(SIZE)
        with room.place("a", 750):
            pass


@given(
    steps=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 400)), max_size=60),
    newcomer=st.sampled_from("abc"),
)
def test_whoever_holds_nothing_finds_a_share_unless_one_alone_fills_the_room(
    steps: list[tuple[str, int]], newcomer: str
) -> None:
    room, used = Room(SIZE, "abc"), dict.fromkeys("abc", 0)
    share, alone = SIZE // 6, False
    for tenant, size in steps:
        empty = not any(used.values())
        try:
            room.take(tenant, size, 0)
        except NoRoom:
            continue
        alone = alone or (empty and size > SIZE - 2 * share)
        used[tenant] += size
    assert sum(used.values()) <= SIZE
    if not used[newcomer] and not alone:
        room.take(newcomer, share, 0)
