"""Windows on event time: what came together, whatever the order of arrival."""

from collections.abc import Sequence


def crowded(seen: Sequence[tuple[int, str]], count: int, length: int) -> tuple[str, ...]:
    """Return all names that lie in some window of ``length`` with at least ``count`` distinct names; none if no such."""
    ordered, found, begin = sorted(seen), set[str](), 0
    for end, (time, _) in enumerate(ordered):
        while time - ordered[begin][0] > length:
            begin += 1
        names = {name for _, name in ordered[begin : end + 1]}
        if len(names) >= count:
            found |= names
    return tuple(sorted(found))
