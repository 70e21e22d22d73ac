"""The responder as a ledger service: incidents, decisions, modes, ticks and outcomes in; holds and effects out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from runtime.errors import Rejected
from runtime.log import Received
from runtime.machine import Entry, Given, Outcome, Step, Tick
from schemas.mode import Mode
from schemas.tenant import Tenant
from schemas.topics import DECISIONS, INCIDENTS, MODES
from services.respond.core import state as states
from services.respond.core.context import Context, Timings
from services.respond.core.draft import Draft
from services.respond.core.effects import resume, take_outcome, wake
from services.respond.core.judging import Judge
from services.respond.core.lanes import EXPIRY, leave, reconcile
from services.respond.core.modes import take_mode
from services.respond.core.playbook import Playbook
from services.respond.core.state import State
from services.respond.core.wishes import take_incident
from services.respond.core.words import take_decision
from services.respond.ports.aims import Enforcer
from services.respond.ports.guards import Guard


@dataclass(frozen=True, slots=True)
class RespondMachine:
    """Decides for every tenant; a tenant that no configuration names has no product and is only observed."""

    tenants: Mapping[str, Tenant]
    playbooks: Sequence[Playbook]
    guards: Mapping[str, Guard]
    enforcers: Mapping[str, tuple[Enforcer, ...]]
    timings: Timings = field(default_factory=Timings)

    def fresh(self, tenant: str) -> State:
        """Return the state of a tenant of which nothing is known."""
        return State(tenant)

    def decide(self, state: State, given: Given, now: int) -> Step:
        """Return what ``given`` leads to; ``state`` stays as it is.

        Raises:
            Rejected: the message is invalid.
        """
        ctx, draft = self._context(state.tenant), Draft(state, now)
        match given:
            case Tick(resumed=resumed):
                _tick(ctx, draft, resumed)
            case Outcome():
                take_outcome(ctx, draft, given)
            case Received():
                self._take(ctx, draft, given)
        return draft.step()

    def fold(self, state: State, entry: Entry) -> State:
        """Return the state after ``entry``."""
        return states.fold(state, entry)

    def deadline(self, state: State) -> int | None:
        """Return when the next effect or lease wants a tick; leases whose timed release is halted want none."""
        leases: Mapping[str, int] = state.leases
        if self._may_be_halted(state):
            judge = self._context(state.tenant).judge
            leases = {uid: at for uid, at in leases.items() if not _is_halted(judge, state, uid)}
        return min((*state.due.values(), *leases.values()), default=None)

    def snapshot(self, state: State) -> Mapping[str, Any]:
        """Return the state as JSON."""
        return states.snapshot(state)

    def restore(self, tenant: str, data: Mapping[str, Any]) -> State:
        """Return the state that ``snapshot`` wrote."""
        return states.restore(tenant, data)

    def _take(self, ctx: Context, draft: Draft, given: Received) -> None:
        match given.topic:
            case INCIDENTS.name:
                take_incident(ctx, draft, self.playbooks, given)
            case DECISIONS.name:
                take_decision(ctx, draft, given)
            case MODES.name:
                take_mode(draft, given)
                _wake_halted(ctx, draft)
            case _:
                raise Rejected(f"respond does not read {given.topic}")

    def _context(self, tenant: str) -> Context:
        known = self.tenants.get(tenant) or Tenant(slug=tenant)
        return Context(Judge(known, self.guards, self.enforcers.get(tenant, ())), self.timings)

    def _may_be_halted(self, state: State) -> bool:
        tenant = self.tenants.get(state.tenant)
        configured = (tenant.mode, *tenant.modes.values()) if tenant else ()
        return Mode.HALT_ALL in configured or any(one.mode is Mode.HALT_ALL for one in state.modes.values())


def _tick(ctx: Context, draft: Draft, resumed: bool) -> None:
    if resumed:
        for lane in list(draft.state.lanes.values()):
            resume(ctx, draft, lane)
    for uid, at in list(draft.state.leases.items()):
        if at <= draft.now and not _is_halted(ctx.judge, draft.state, uid):
            leave(ctx, draft, draft.holds[uid], EXPIRY)
    for key, at in list(draft.state.due.items()):
        lane = draft.lanes[key]
        if at <= draft.now and lane.effect is not None and lane.effect.due == at:
            wake(ctx, draft, lane)


def _is_halted(judge: Judge, state: State, uid: str) -> bool:
    hold = state.holds[uid]
    return judge.halted(state.modes, hold.control, hold.connector)


def _wake_halted(ctx: Context, draft: Draft) -> None:
    """Look again at the releases that a halt has parked."""
    for lane in list(draft.state.lanes.values()):
        if lane.effect is not None and lane.effect.is_open and lane.effect.due is None:
            reconcile(ctx, draft, replace(lane, effect=replace(lane.effect, seq=lane.effect.seq)))
