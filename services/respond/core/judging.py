"""What may become of a hold: guards, mode, authority and the products at hand, in this order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from schemas.control import Control
from schemas.entity import Authority
from schemas.hold import HoldState
from schemas.mode import Mode
from schemas.tenant import Tenant
from services.respond.core.draft import Draft
from services.respond.core.modes import STOPPED, mode_of
from services.respond.core.records import Hold, Judgement, ModeRecord
from services.respond.ports.aims import ControlKind, Enforcer
from services.respond.ports.guards import Allow, Ask, Facts, Guard, Plan, Resolution

Fate = Literal["go", "ask", "observe", "deny"]
FATE_STATE = {
    "ask": HoldState.AWAITING_APPROVAL,
    "observe": HoldState.OBSERVED,
    "deny": HoldState.DENIED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may become of a hold now, by whose word and why, and through which product."""

    fate: Fate
    by: str
    why: str
    guards: tuple[Judgement, ...]
    enforcer: Enforcer | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The guards that want a human."""
        return tuple(one.guard for one in self.guards if one.verdict == "ask")


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the holds of one tenant."""

    tenant: Tenant
    guards: Mapping[str, Guard]
    enforcers: tuple[Enforcer, ...]

    def judge(self, draft: Draft, hold: Hold, resolution: Resolution | None = None) -> Verdict:
        """Return what may become of ``hold`` as things stand."""
        guards = self._guards(draft, hold, resolution)
        refused = next((one for one in guards if one.verdict == "refuse"), None)
        if refused is not None:
            return Verdict("deny", f"policy:{refused.guard}", f"{refused.guard} refuses: {refused.fact}", guards)
        enforcer, obstacle = self.enforcer(hold)
        connector = hold.connector or (enforcer.name if enforcer else None)
        mode, why = mode_of(self.tenant, draft.modes, hold.control, connector, hold.rules)
        if mode in STOPPED:
            return Verdict("deny", "policy:mode", f"the mode is {mode} ({why})", guards)
        if mode is Mode.OBSERVE:
            return Verdict("observe", "policy:mode", f"the mode is OBSERVE ({why})", guards)
        asks = self._asks(hold, guards, mode, why)
        if asks:
            return Verdict("ask", "", "; ".join(asks), guards)
        if enforcer is None:
            return Verdict("ask", "", obstacle, guards)
        return Verdict("go", hold.approved_by or f"policy:{hold.playbook}", "", guards, enforcer)

    def enforcer(self, hold: Hold) -> tuple[Enforcer | None, str]:
        """Return the first product that takes the hold's aim, or None and why there is none."""
        obstacles = [f"{name}: {why}" for name, why in hold.tried]
        tried = {name for name, _ in hold.tried}
        for one in self.enforcers:
            if one.name in tried or hold.control not in one.specs:
                continue
            refusal = one.refuses(hold.control, hold.aim)
            if not refusal:
                return one, ""
            obstacles.append(f"{one.name}: {refusal}")
        told = "; ".join(obstacles) or "none of them offers it"
        return None, f"no connector of the tenant can enforce {hold.control} on it ({told})"

    def halted(self, modes: Mapping[str, ModeRecord], control: Control, connector: str | None) -> bool:
        """Say whether timed releases are suspended for ``control`` at ``connector``."""
        return mode_of(self.tenant, modes, control, connector, ())[0] is Mode.HALT_ALL

    def stopped(self, modes: Mapping[str, ModeRecord], control: Control, connector: str | None) -> bool:
        """Say whether nothing may be applied with ``control`` at ``connector``."""
        return mode_of(self.tenant, modes, control, connector, ())[0] in STOPPED

    def _asks(self, hold: Hold, guards: tuple[Judgement, ...], mode: Mode, why: str) -> list[str]:
        asks = [
            f"{one.guard} asks: {one.fact}" for one in guards if one.verdict == "ask" and one.guard not in _waved(hold)
        ]
        if hold.approved is not None:
            return asks
        if hold.subject.authority is not Authority.ACT:
            asks.append("the evidence carries a proposal, not an action")
        if hold.always_ask:
            asks.append(f"the playbook {hold.playbook} always asks")
        if mode is Mode.APPROVE_ALL:
            asks.append(f"the mode is APPROVE_ALL ({why})")
        return asks

    def _guards(self, draft: Draft, hold: Hold, resolution: Resolution | None) -> tuple[Judgement, ...]:
        plan = self._plan(hold)
        facts = Facts(self.tenant, draft.classes, draft.own_addresses, resolution)
        return tuple(
            _judgement(name, guard, plan, facts, draft.now)
            for name, guard in self.guards.items()
            if hold.control in guard.controls
        )

    def _plan(self, hold: Hold) -> Plan:
        about = hold.subject
        specs = [one.specs[hold.control] for one in self.enforcers if hold.control in one.specs]
        has_undo = not any(spec.kind is ControlKind.EDGE for spec in specs)
        plan = Plan(
            hold.control, hold.aim, about.role, about.why, about.authority, about.asset_class, about.observed,
            about.evidence_at,
        )  # fmt: skip
        return replace(plan, has_undo=has_undo)


def _waved(hold: Hold) -> tuple[str, ...]:
    return hold.approved or ()


def _judgement(name: str, guard: Guard, plan: Plan, facts: Facts, now: int) -> Judgement:
    said = guard.judge(plan, facts, now)
    verdict = "allow" if isinstance(said, Allow) else "ask" if isinstance(said, Ask) else "refuse"
    return Judgement(name, verdict, said.fact, said.would_change)
