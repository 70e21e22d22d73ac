"""A bench for the responder's pure machine: a ledger that survives crashes, products that can be made to fail.

Every step is checked against the invariants I1-I5, I8 and I9 of the effect's state machine.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import orjson

from runtime.errors import Rejected
from runtime.log import Message
from runtime.machine import Action, Entry, Given, Outcome, Step, Tick
from schemas.control import Control
from schemas.entity import EntityType
from schemas.hold import Hold, HoldState
from schemas.mode import Mode
from schemas.tenant import Tenant
from services.respond import guards as guard_package
from services.respond.core import RespondMachine, State, Timings
from services.respond.core.modes import STOPPED, mode_of
from services.respond.core.playbook import Playbook
from services.respond.core.records import LEASED, Lane, Phase
from services.respond.playbook_files import load_playbooks
from services.respond.plugins import load_guards
from services.respond.ports.aims import Aim, ControlKind, ControlSpec, Enforcer
from services.respond.ports.guards import Guard
from tests.unit.respond.incidents import START, TENANT

Way = Literal["ok", "lost", "not_sent", "later", "permanent"]

SPECS = {
    Control.NETWORK_ISOLATION: ControlSpec(read_lag=5_000),
    Control.ACCOUNT_DISABLED: ControlSpec(read_lag=5_000),
    Control.SESSIONS_REVOKED: ControlSpec(kind=ControlKind.EDGE, read_lag=5_000),
    Control.IP_BLOCK: ControlSpec(native_ttl=True),
}


def _no_private(control: Control, aim: Aim) -> str:
    private = aim.type is EntityType.ADDRESS and aim.id.startswith(("10.", "192.168."))
    return "it takes public addresses only" if private and control is Control.IP_BLOCK else ""


EDR = Enforcer("edr", "edr", SPECS, _no_private)
FIREWALL = Enforcer("firewall", "firewall", {Control.IP_BLOCK: SPECS[Control.IP_BLOCK]}, lambda _, __: "")


@cache
def guards() -> Mapping[str, Guard]:
    """The product's own guards."""
    return load_guards(guard_package)


@cache
def playbooks() -> tuple[Playbook, ...]:
    """The product's own playbooks."""
    return load_playbooks(guards())


@dataclass(slots=True)
class Thing:
    """One target at the product."""

    applied: bool = False
    owner: str | None = None
    until: int | None = None
    order: tuple[str, str, str] | None = None


@dataclass(slots=True)
class FakeProduct:
    """Keeps state as a vendor would.

    Attributes:
        names_owner: reads tell under which id the control was ordered.
        asynchronous: an order is under way until ``finish`` is called.
        evidence: what verification finds.
        hidden: reads do not show yet what was taken.
    """

    names_owner: bool = True
    asynchronous: bool = False
    evidence: str = "holds"
    hidden: bool = False
    candidates: tuple[str, ...] = ("one",)
    things: dict[str, Thing] = field(default_factory=dict)
    transitions: list[tuple[str, str, str]] = field(default_factory=list)

    def thing(self, lane: str) -> Thing:
        """The target of a lane."""
        return self.things.setdefault(lane, Thing())

    def take(self, action: Action) -> dict[str, Any]:
        """Accept an order."""
        lane, direction, key = action.data["lane"], action.kind, str(action.data["command"]["command_id"])
        thing = self.thing(lane)
        native = action.data["control"] == Control.IP_BLOCK
        if native and direction == "apply" and thing.applied and thing.owner == key:
            thing.until = action.data["until"]
            return {"result": "accepted", "handle": None}
        self.transitions.append((lane, direction, key))
        if self.asynchronous and not native:
            assert thing.order is None, "a second order while one is under way"
            thing.order = (direction, key, key)
            return {"result": "accepted", "handle": key}
        self._turn(thing, direction, key, action.data["until"] if native else None)
        return {"result": "accepted", "handle": None}

    def finish(self) -> None:
        """Carry out what is under way."""
        for thing in self.things.values():
            if thing.order is not None:
                direction, key, _ = thing.order
                self._turn(thing, direction, key, None)
                thing.order = None

    def observe(self, action: Action) -> dict[str, Any]:
        """What a look at the target finds."""
        if len(self.candidates) != 1:
            fate = "ambiguous" if self.candidates else "absent"
            return {"fate": fate, "candidates": self.candidates, "why": "no such target"}
        thing = Thing() if self.hidden else self.thing(action.data["lane"])
        pending = None
        if thing.order is not None:
            owner = thing.order[1] if self.names_owner else None
            pending = {"direction": thing.order[0], "handle": thing.order[2], "owner": owner}
        return {
            "fate": "observed", "resolved": {"id": "v-1", "name": "one"}, "applied": thing.applied,
            "owner": thing.owner if self.names_owner else None, "until": thing.until, "pending": pending,
            "pre_image": {"was": thing.applied},
        }  # fmt: skip

    def poll(self, action: Action) -> dict[str, Any]:
        """How far an order has come."""
        return {"result": "pending" if self.thing(action.data["lane"]).order else "succeeded"}

    def verify(self, action: Action) -> dict[str, Any]:
        """State read back, with evidence."""
        thing = self.thing(action.data["lane"])
        evidence = {"verdict": self.evidence, "source": "elsewhere"} if action.data["window"] is not None else None
        return {"result": "read", "applied": thing.applied, "evidence": evidence}

    def _turn(self, thing: Thing, direction: str, key: str, until: int | None) -> None:
        thing.applied = direction == "apply"
        thing.owner, thing.until = (key, until) if thing.applied else (None, None)


class Bench:
    """The machine of one tenant at work, step by step."""

    def __init__(
        self,
        product: FakeProduct | None = None,
        tenant: Tenant | None = None,
        enforcers: tuple[Enforcer, ...] = (EDR, FIREWALL),
        timings: Timings | None = None,
    ) -> None:
        self.product = product or FakeProduct()
        self.tenant = tenant or Tenant(slug=TENANT, mode=Mode.ARMED)
        self.machine = RespondMachine(
            {TENANT: self.tenant}, playbooks(), guards(), {TENANT: enforcers}, timings or Timings()
        )
        self.state: State = self.machine.fresh(TENANT)
        self.ledger: list[Entry] = []
        self.actions: list[Action] = []
        self.outputs: list[Message] = []
        self.now = START

    def give(self, given: Given) -> Step:
        """Decide on one input, fold, commit; actions wait until they are performed."""
        before = orjson.dumps(self.machine.snapshot(self.state))
        step = self.machine.decide(self.state, given, self.now)
        assert orjson.dumps(self.machine.snapshot(self.state)) == before, "decide changed the state"
        for entry in step.entries:
            self.ledger.append(Entry(entry.kind, entry.key, orjson.loads(orjson.dumps(entry.data)), entry.version))
            self.state = self.machine.fold(self.state, self.ledger[-1])
        self.outputs += step.outputs
        self.actions += step.actions
        self._check(step)
        return step

    def give_invalid(self, given: Given) -> str:
        """Give an input that is refused; return why."""
        try:
            self.machine.decide(self.state, given, self.now)
        except Rejected as error:
            return str(error)
        raise AssertionError("it was taken")

    def perform(self, way: Way = "ok") -> None:
        """Perform the oldest action and hand its outcome back."""
        action = self.actions.pop(0)
        self.give(Outcome(action.uid, self.bring(action, way)))

    def bring(self, action: Action, way: Way = "ok") -> dict[str, Any]:
        """Do what the action asks for, in the world alone."""
        if action.kind == "reconcile":
            return self.product.observe(action) if way != "not_sent" else {"fate": "unavailable", "why": "down"}
        if action.kind == "poll":
            return self.product.poll(action) if way != "not_sent" else {"result": "unavailable", "why": "down"}
        if action.kind == "verify":
            return self.product.verify(action) if way != "not_sent" else {"result": "unavailable", "why": "down"}
        return self._send(action, way)

    def crash(self) -> None:
        """End the process and start it again from the ledger."""
        self.actions.clear()
        self.state = self.machine.fresh(TENANT)
        for entry in self.ledger:
            self.state = self.machine.fold(self.state, entry)
        self.give(Tick(resumed=True))

    def go_on(self, upto: int | None = None) -> None:
        """Perform everything and let time pass until nothing is due before ``upto``."""
        for _ in range(10_000):
            if self.actions:
                self.perform()
                continue
            self.product.finish()
            due = self.machine.deadline(self.state)
            if due is None or (upto is not None and due > upto):
                self.now = max(self.now, upto or self.now)
                return
            self.now = max(self.now, due)
            self.give(Tick())
        raise AssertionError("it never comes to rest")

    def holds(self) -> dict[str, Hold]:
        """The newest public state of each hold, by the target's id."""
        newest: dict[str, Hold] = {}
        for message in self.outputs:
            if message.topic == "holds":
                hold = Hold.model_validate_json(message.value)
                newest[hold.uid] = hold
        return {hold.target.id: hold for hold in newest.values()}

    def hold(self) -> Hold:
        """The only hold."""
        (hold,) = self.holds().values()
        return hold

    def lane(self) -> Lane:
        """The only lane."""
        (lane,) = self.state.lanes.values()
        return lane

    def remediations(self) -> list[dict[str, Any]]:
        """Everything published on remediations."""
        return [orjson.loads(message.value) for message in self.outputs if message.topic == "remediations"]

    def transitions(self, direction: str) -> int:
        """How often the product changed."""
        return sum(way == direction for _, way, _ in self.product.transitions)

    def _send(self, action: Action, way: Way) -> dict[str, Any]:
        if self.now > action.data["deadline"]:
            return {"result": "not_sent", "why": "the intent was too old to be sent"}
        lane = self.state.lanes[action.data["lane"]]
        assert lane.effect is not None
        assert lane.effect.phase is Phase.DISPATCHED, "I1: sent without a committed intent"
        if way == "not_sent":
            return {"result": "not_sent", "why": "connection refused"}
        if way == "later":
            return {"result": "refused", "kind": "later", "why": "429", "retry_after": 3_000}
        if way == "permanent":
            return {"result": "refused", "kind": "permanent", "why": "403"}
        answer = self.product.take(action)
        return answer if way == "ok" else {"result": "unknown", "why": "read time-out"}

    def _check(self, step: Step) -> None:
        sends = [action for action in self.actions if action.kind in ("apply", "release")]
        per_lane = Counter(action.data["lane"] for action in sends)
        assert all(count == 1 for count in per_lane.values()), "I2: two orders for one lane"
        for action in step.actions:
            lane = self.state.lanes[action.data["lane"]]
            if action.kind == "apply":
                assert lane.holds, "I3: applied although nobody wants it"
                mode, _ = mode_of(self.tenant, self.state.modes, lane.control, lane.connector, ())
                assert mode not in STOPPED, "I9: applied in HALT"
            if action.kind == "release":
                assert not lane.holds, "I4: released although somebody wants it"
        for hold in self.state.holds.values():
            assert hold.state not in LEASED or hold.expires_at is not None, "I5: a lease without an end"


def states(bench: Bench) -> Sequence[HoldState]:
    """The states that the holds went through, in order."""
    seen: list[HoldState] = []
    for message in bench.outputs:
        if message.topic == "holds":
            state = Hold.model_validate_json(message.value).state
            if not seen or seen[-1] is not state:
                seen.append(state)
    return seen
