"""Stories that are played on the bench: steps, and what must be true when everything has come to rest."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy

import orjson

from runtime.machine import Tick
from schemas.decision import Verb
from schemas.entity import Entity
from schemas.hold import HoldState
from schemas.mode import Mode
from tests.unit.respond.bench import Bench, FakeProduct
from tests.unit.respond.incidents import START, TENANT, decision, host, incident, mode, received

ENDED = {HoldState.RELEASED, HoldState.MANUAL, HoldState.DENIED, HoldState.AWAITING_APPROVAL, HoldState.OBSERVED}
DAY = 24 * 3_600_000


class Story:
    """A bench on which the steps are played."""

    def __init__(self, product: FakeProduct, about: Callable[..., Entity] = host) -> None:
        self.bench = Bench(product)
        self.about = about

    def play(self, what: str, how: str) -> None:
        """Play one step."""
        getattr(self, f"_{what}")(how)

    def rest(self) -> None:
        """Let everything end: armed, a month later."""
        self._mode(Mode.ARMED)
        self.bench.go_on(START + 30 * DAY)

    def fork(self) -> "Story":
        """The same story, to be told on differently."""
        other = Story(deepcopy(self.bench.product), self.about)
        machine = self.bench.machine
        other.bench.machine, other.bench.now = machine, self.bench.now
        other.bench.state = machine.restore(TENANT, orjson.loads(orjson.dumps(machine.snapshot(self.bench.state))))
        other.bench.ledger, other.bench.outputs = list(self.bench.ledger), list(self.bench.outputs)
        other.bench.actions = list(self.bench.actions)
        return other

    def picture(self) -> bytes:
        """What tells two stories apart from here on."""
        bench = self.bench
        things = {key: [one.applied, one.owner, one.until, one.order] for key, one in bench.product.things.items()}
        waiting = [action.uid for action in bench.actions]
        transitions = sorted(map(list, bench.product.transitions))
        parts = [bench.machine.snapshot(bench.state), things, waiting, transitions, bench.now]
        return orjson.dumps(parts)

    def _wish(self, uid: str) -> None:
        entity = self.about(last=self.bench.now)
        self.bench.give(received("incidents", incident(entity, uid=uid), self.bench.now))

    def _perform(self, way: str) -> None:
        if self.bench.actions:
            self.bench.perform(way)  # type: ignore[arg-type]

    def _crash(self, when: str) -> None:
        if when == "after the call":
            for action in self.bench.actions:
                self.bench.bring(action)
        self.bench.crash()

    def _time(self, how: str) -> None:
        due = self.bench.machine.deadline(self.bench.state)
        self.bench.now = max(self.bench.now, due or 0) if how == "next" else self.bench.now + 3_600_000
        self.bench.give(Tick())

    def _finish(self, _: str) -> None:
        self.bench.product.finish()

    def _mode(self, value: str) -> None:
        self.bench.give(received("modes", mode(Mode(value), at=self.bench.now), self.bench.now))

    def _release(self, _: str) -> None:
        for uid in list(self.bench.state.holds):
            self.bench.give(received("decisions", decision(Verb.RELEASE, uid), self.bench.now))

    def _approve(self, _: str) -> None:
        for hold in self.bench.holds().values():
            if hold.digest is not None:
                self.bench.give(received("decisions", decision(Verb.APPROVE, hold.uid, hold.digest), self.bench.now))


def judge(story: Story) -> None:
    """What must be true when everything has come to rest."""
    bench = story.bench
    per_effect = Counter(bench.product.transitions)
    assert all(count == 1 for count in per_effect.values()), per_effect
    for hold in bench.state.holds.values():
        assert hold.state in ENDED, hold
    for lane in bench.state.lanes.values():
        assert lane.effect is None or not lane.effect.is_open
        if not lane.manual:
            thing = bench.product.thing(lane.key)
            in_place = thing.applied and (thing.until is None or thing.until > bench.now)
            assert not in_place, "a target stays contained for ever"
            assert not lane.ending
