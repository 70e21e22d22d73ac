"""The score of a group: each distinct rule counts its level's weight once, wherever it spoke and however often."""

from collections.abc import Iterable
from typing import Final

from schemas.tactics import TACTICS
from services.detect.correlate.core.nodes import Observation

BREADTH: Final = 4


def weights(observations: Iterable[Observation]) -> dict[str, int]:
    """Return what each rule adds, the largest where it spoke at several levels."""
    best: dict[str, int] = {}
    for seen in observations:
        if seen.weight > best.get(seen.rule, 0):
            best[seen.rule] = seen.weight
    return best


def score_of(observations: Iterable[Observation]) -> int:
    """Return the sum of the weights, and something for each further tactic: attacks go through several."""
    seen = tuple(observations)
    tactics = {TACTICS.get(tactic, tactic) for each in seen if each.weight for tactic in each.tactics}
    return sum(weights(seen).values()) + BREADTH * max(0, len(tactics) - 1)


def anchors_of(observations: Iterable[Observation]) -> frozenset[str]:
    """Return the anchors that were observed."""
    return frozenset(seen.anchor for seen in observations if seen.anchor)
