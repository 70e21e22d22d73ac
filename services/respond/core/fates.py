"""What becomes of a hold when it is judged: it joins a lane, or it waits, is only observed, or is denied."""

from msgspec.structs import replace

from schemas.hold import HoldState
from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.judging import FATE_STATE, Verdict
from services.respond.core.lanes import join
from services.respond.core.records import Hold


def advance(ctx: Context, draft: Draft, hold: Hold) -> None:
    """Judge ``hold``, which has no lane, and let it go where the verdict sends it."""
    verdict = ctx.judge.judge(draft, hold)
    if verdict.fate != "go" or verdict.enforcer is None:
        park(draft, hold, verdict)
        return
    going = replace(
        hold,
        decided_by=verdict.by,
        reason=because(hold),
        guards=verdict.guards,
        expires_at=draft.now + hold.ttl,
    )
    join(ctx, draft, going, verdict.enforcer)


def park(draft: Draft, hold: Hold, verdict: Verdict) -> None:
    """Let ``hold`` rest in the state that the verdict names; an approval that it had is used up."""
    state = FATE_STATE[verdict.fate]
    parked = replace(
        hold,
        state=state,
        decided_by=verdict.by or None,
        reason=f"{verdict.why}; wanted because {because(hold)}",
        guards=verdict.guards,
        approved=None,
        approved_by=None,
        lane=None,
        connector=None,
        expires_at=None,
        command_uid=None,
    )
    if parked != draft.holds.get(hold.uid):
        draft.put_hold(state, parked)


def because(hold: Hold) -> str:
    """Return the clause of the playbook that held, and why the entity is what it is."""
    return f"{hold.clause}: {hold.subject.why}"


def deny(draft: Draft, hold: Hold, by: str, why: str) -> None:
    """Close ``hold``, which no effect serves."""
    draft.put_hold("denied", replace(hold, state=HoldState.DENIED, decided_by=by, reason=f"{why}; {hold.reason}"))
