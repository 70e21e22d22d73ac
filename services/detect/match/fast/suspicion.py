"""Which rules each event of one kind has to be judged by: those whose literals it holds, and those that have none."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.detect.match.core.tree import Node
from services.detect.match.fast.canonical import FOLDING, SIGNS, canonical, is_foreign
from services.detect.match.fast.scanner import Scanner
from services.detect.match.fast.witness import Cost, literals_in, witness

WORTH: Final = 0.9
"""Literals that are found more often than this per event are sought for nothing."""
_PER_LENGTH: Final = 0.0001
"""Of literals that the sample does not hold the longer one is the rarer one."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Rules by their number: ``owners`` per literal of the scanner, whose last literals are signs, and ``always`` those without."""

    scanner: Scanner | None
    owners: tuple[frozenset[int], ...]
    always: frozenset[int]
    rules: int

    def of(self, events: Sequence[bytes]) -> Mapping[int, set[int]]:
        """Return the numbers of the rules to judge by, for each event that there are any for, by its place."""
        suspects: dict[int, set[int]] = {place: set(self.always) for place in range(len(events))} if self.always else {}
        if self.scanner is None:
            return suspects
        signs = self._collect(self.scanner.found(events), suspects)
        foreign = {place: canonical(events[place]) for place, sign in signs if is_foreign(events[place], sign)}
        anew = {place: event for place, event in foreign.items() if event is not None}
        if anew:
            places, told = list(anew), self.scanner.found(list(anew.values()))
            self._collect([(places[number], literal) for number, literal in told], suspects)
        for place in {place for place, sign in signs if sign in FOLDING} | (foreign.keys() - anew.keys()):
            suspects[place] = set(range(self.rules))
        return suspects

    def _collect(self, found: Iterable[tuple[int, int]], suspects: dict[int, set[int]]) -> set[tuple[int, bytes]]:
        """Add the owners of what was found; return the signs, with the places of their events."""
        owners, signs = self.owners, set()
        for place, literal in found:
            if literal >= len(owners):
                signs.add((place, SIGNS[literal - len(owners)]))
            elif (known := suspects.get(place)) is not None:
                known |= owners[literal]
            else:
                suspects[place] = set(owners[literal])
        return signs


def learned(nodes: Sequence[Node], sample: Sequence[bytes]) -> Suspicion:
    """Return the rules' literals, chosen so that events like those of ``sample`` hold as few of them as may be."""
    cost = _cost(nodes, sample)
    owners: dict[bytes, list[int]] = {}
    always = []
    for number, node in enumerate(nodes):
        found = witness(node, cost)
        if found is None or found.cost > WORTH:
            always.append(number)
            continue
        for literal in found.literals:
            owners.setdefault(literal, []).append(number)
    literals = sorted(owners)
    return Suspicion(
        scanner=Scanner([*literals, *SIGNS]) if literals else None,
        owners=tuple(frozenset(owners[literal]) for literal in literals),
        always=frozenset(always),
        rules=len(nodes),
    )


def _cost(nodes: Sequence[Node], sample: Sequence[bytes]) -> Cost:
    """Return how often a literal is found per event: each time costs something, also within one event."""
    literals = sorted({literal for node in nodes for literal in literals_in(node)})
    often: dict[bytes, float] = {}
    if literals and sample:
        written = [event for event in map(canonical, sample) if event is not None]
        counts = Counter(literal for _, literal in Scanner(literals).found(written))
        often = {literals[literal]: count / len(sample) for literal, count in counts.items()}
    return lambda literal: often.get(literal, 0.0) + _PER_LENGTH / len(literal)
