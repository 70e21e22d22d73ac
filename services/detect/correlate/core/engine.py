"""The engine: facts and findings in, groups out. Only what read something that changed is looked at again."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from schemas.fact import Fact
from schemas.finding import Level, Stage
from services.detect.correlate.core.budget import Budget
from services.detect.correlate.core.evidence import Evidences, Rule
from services.detect.correlate.core.filing import file_fact
from services.detect.correlate.core.filing_findings import file_finding
from services.detect.correlate.core.finding import Filed
from services.detect.correlate.core.groups import Group, grow
from services.detect.correlate.core.inventory import Inventory
from services.detect.correlate.core.nodes import HARD_ANCHORS, Node, Observation
from services.detect.correlate.core.seeds import Seed
from services.detect.correlate.core.store import KEPT, LONGEST, Store
from services.detect.correlate.core.view import View

TRIED: Final = 4
LOUD: Final = frozenset({Level.HIGH, Level.CRITICAL})


@dataclass(slots=True)
class Found:
    """What one or several seeds led to: a group, or nothing yet; and every key that this rests on.

    ``told``: an incident was published of it.
    """

    number: int
    seeds: set[Seed]
    view: View
    group: Group | None = None
    age: int = 0
    told: bool = False


@dataclass(slots=True)
class Change:
    """What a settling changed: the groups as they are now, and the numbers of those that are gone."""

    groups: list[Found] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


class Engine:
    """The causal graph of one tenant."""

    def __init__(self, inventory: Inventory, rules: Sequence[Rule], budget: Budget | None = None) -> None:
        self.inventory = inventory
        self.rules = rules
        self.store = Store(budget or Budget())
        self._pending: set[Seed] = set()
        self._found: dict[int, Found] = {}
        self._owner: dict[str, int] = {}
        self._next = 0

    def fact(self, fact: Fact) -> None:
        """Take in one fact."""
        self.store.clock = max(self.store.clock, fact.time)
        seed = file_fact(self.store, fact)
        if seed is not None:
            self._pending.add(seed)

    def finding(self, filed: Filed) -> None:
        """Take in one finding; it starts a group where it anchors one, or speaks loudly."""
        self.store.clock = max(self.store.clock, filed.time)
        seed = file_finding(self.store, filed)
        if seed is not None and (filed.level in LOUD or filed.anchor in HARD_ANCHORS or filed.stage is Stage.CONTAIN):
            self._pending.add(seed)

    def evict(self, watermark: int) -> None:
        """Forget what lies far enough behind ``watermark`` and no group rests on.

        Where memory is short, a group goes as well that lies behind everything else that is kept, and was never told of.
        """
        before = self.store.swept
        self.store.evict(watermark)
        if self.store.swept == before:
            return
        for found in list(self._found.values()):
            limit = self.store.swept - (KEPT if found.group is None else LONGEST)
            if found.age < limit or (found.age < self.store.reach and not found.told):
                self._drop(found, Change())

    @property
    def is_due(self) -> bool:
        """Whether something changed that a group rests on."""
        return bool(self._pending or self.store.due)

    def groups(self) -> list[Found]:
        """Return every group that holds a hard anchor."""
        return [found for found in self._found.values() if found.group is not None]

    def numbered(self, numbers: Iterable[int]) -> list[Found]:
        """Return the groups of those numbers that still are."""
        found = (self._found.get(number) for number in numbers)
        return [one for one in found if one is not None and one.group is not None]

    def watch(self, found: Found) -> None:
        """Look at ``found`` again when something changes that was read about it since."""
        if found.number in self._found:
            self.store.subscribe(found.number, found.view.reads)

    def settle(self) -> Change:
        """Look again at all that changed; the result is the same whatever the order of what was taken in."""
        change = Change()
        seeds = self._dissolve(self.store.due, change) | self._pending
        self.store.due, self._pending = set(), set()
        fresh: dict[int, Found] = {}
        for seed in sorted(seeds, key=_seed_order):
            if self._is_taken(seed, fresh):
                continue
            found = self._look(seed)
            self._keep(found)
            found = self._merge(found, change)
            fresh[found.number] = found
        for found in fresh.values():
            self.watch(found)
            if found.group is None:
                found.view.shed()
        change.groups = [found for number, found in fresh.items() if number in self._found and found.group is not None]
        return change

    def _is_taken(self, seed: Seed, fresh: dict[int, Found]) -> bool:
        """Give ``seed`` to a group of this settling that holds its node already."""
        for number in reversed(list(fresh)[-TRIED:]):
            found = fresh[number]
            if found.group is None or self._found.get(number) is not found:
                continue
            node = node_of(found.view, seed)
            if node is not None and node.id in found.group.nodes:
                found.seeds.add(seed)
                return True
        return False

    def _dissolve(self, numbers: Iterable[object], change: Change) -> set[Seed]:
        seeds: set[Seed] = set()
        for number in list(numbers):
            found = self._found.get(number) if isinstance(number, int) else None
            if found is not None:
                self._drop(found, change)
                seeds |= found.seeds
        return seeds

    def _drop(self, found: Found, change: Change) -> None:
        del self._found[found.number]
        self.store.unsubscribe(found.number, found.view.reads)
        for name in found.group.nodes if found.group is not None else ():
            if self._owner.get(name) == found.number:
                del self._owner[name]
        if found.group is not None:
            change.gone.append(found.number)

    def _look(self, seed: Seed) -> Found:
        """Return what ``seed`` leads to; where a group holds its node already, that group is not built twice."""
        view = View(self.store, self.inventory)
        node = node_of(view, seed)
        self._next += 1
        found = Found(self._next, {seed}, view)
        if node is None:
            return found
        if node.id in self._owner:
            found.group = Group(nodes={node.id: node})
            return found
        evidences = Evidences(self.rules, {})
        if any(starts_group(seen) for seen in evidences.observe(view, node)):
            found.group = grow(view, evidences, [node])
        return found

    def _keep(self, found: Found) -> None:
        found.age = self.store.swept
        self._found[found.number] = found
        self.store.subscribe(found.number, found.view.reads)

    def _merge(self, found: Found, change: Change) -> Found:
        """Unite ``found`` with every group that shares a node with it, until none does."""
        while found.group is not None:
            others = {self._owner[name] for name in found.group.nodes if name in self._owner} - {found.number}
            if not others:
                break
            found = self._united(found, [self._found[number] for number in sorted(others)], change)
        for name in found.group.nodes if found.group is not None else ():
            self._owner[name] = found.number
        return found

    def _united(self, found: Found, others: list[Found], change: Change) -> Found:
        whole = [other for other in others if other.group is not None and _nodes(found) <= _nodes(other)]
        if whole:  # nothing new: the larger group takes the seed, and what the look at it rests on
            taker = whole[0]
            self._drop(found, change)
            change.gone = [number for number in change.gone if number != found.number]
            taker.seeds |= found.seeds
            self.store.subscribe(taker.number, found.view.reads - taker.view.reads)
            taker.view.reads |= found.view.reads
            return taker
        if found.group is not None and all(_nodes(other) <= found.group.nodes.keys() for other in others):
            for other in others:  # nothing new either: the look that led here has seen all of it
                found.seeds |= other.seeds
                self._drop(other, change)
            return found
        seeds = set(found.seeds)
        for each in (found, *others):
            seeds |= each.seeds
            self._drop(each, change)
        self._next += 1
        view = View(self.store, self.inventory)
        nodes = [node for seed in sorted(seeds, key=_seed_order) if (node := node_of(view, seed)) is not None]
        united = Found(self._next, seeds, view, grow(view, Evidences(self.rules, {}), nodes))
        self._keep(united)
        return united


def _nodes(found: Found) -> Set[str]:
    return found.group.nodes.keys() if found.group is not None else frozenset()


def starts_group(seen: Observation) -> bool:
    """Whether an observation is enough to look for a group around its node."""
    return seen.is_hard or seen.stage is Stage.CONTAIN


def node_of(view: View, seed: Seed) -> Node | None:
    """Return the node that a seed names."""
    if seed.kind == "process":
        return view.process(seed.host, seed.ref, seed.time)
    if seed.kind == "session":
        return view.session(seed.host, seed.name)
    if seed.kind == "service":
        return view.service(seed.host, seed.name)
    if seed.port:
        for connection in view.facts(("port", seed.address, seed.port)):
            return view.process(connection.host, connection.process, connection.time)
    return view.principal(seed.name, seed.address)


def _seed_order(seed: Seed) -> tuple[str, ...]:
    ref = seed.ref
    return (
        seed.kind,
        seed.host,
        seed.name,
        seed.address,
        ref.guid,
        str(ref.pid),
        ref.image,
        str(seed.time),
        str(seed.port),
    )
