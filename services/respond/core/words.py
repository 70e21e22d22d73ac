"""Decisions in: what a human says about a hold."""

from msgspec.structs import replace
from pydantic import ValidationError

from runtime.errors import Rejected
from runtime.log import Received
from schemas.decision import Decision, Verb
from schemas.hold import HoldState
from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.fates import advance, deny
from services.respond.core.lanes import leave
from services.respond.core.public import digest
from services.respond.core.records import LEASED, UNDECIDED, Hold


def take_decision(ctx: Context, draft: Draft, given: Received) -> None:
    """Take in what a human said. What is about an incident, or came too late, changes nothing.

    Raises:
        Rejected: it is no decision, another tenant's, or not a human's.
    """
    decision = _decode(draft.tenant, given)
    hold = draft.holds.get(decision.subject)
    if hold is None:
        return
    match decision.verb:
        case Verb.APPROVE if hold.state is HoldState.AWAITING_APPROVAL:
            _approve(ctx, draft, hold, decision)
        case Verb.DENY if hold.state in UNDECIDED:
            deny(draft, hold, decision.by, f"denied by {decision.by}{_said(decision)}")
        case Verb.RELEASE if hold.state is HoldState.MANUAL or (hold.state in LEASED and not hold.ended_by):
            leave(ctx, draft, hold, decision.by)
        case _:
            return


def _decode(tenant: str, given: Received) -> Decision:
    try:
        decision = Decision.model_validate_json(given.value)
    except ValidationError as error:
        raise Rejected(f"no decision: {error}") from error
    if decision.tenant != tenant:
        raise Rejected(f"a decision of {decision.tenant!r} in the stream of {tenant!r}")
    if not decision.by.startswith("human:"):
        raise Rejected(f"a decision by {decision.by!r}, who is no human")
    return decision


def _approve(ctx: Context, draft: Draft, hold: Hold, decision: Decision) -> None:
    """An approval covers exactly what was shown: the guards that asked then, and no connector's earlier refusal."""
    if decision.digest != digest(draft.tenant, hold):
        draft.put_hold("approval_stale", hold)
        return
    asked = tuple(one.guard for one in hold.guards if one.verdict == "ask")
    advance(ctx, draft, replace(hold, approved=asked, approved_by=decision.by, tried=()))


def _said(decision: Decision) -> str:
    return f": {decision.reason}" if decision.reason else ""
