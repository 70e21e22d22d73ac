"""Lanes: who wants them, and when that starts an effect. One effect is in flight per lane, whoever wants what."""

from msgspec.structs import replace

from schemas.hold import HoldState
from schemas.identity import compose, effect_key
from schemas.times import SECOND
from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.records import Direction, Effect, Hold, Lane, Phase
from services.respond.ports.aims import Aim, ControlKind, Enforcer

EXPIRY = "expiry"
_AT_THE_PRODUCT = frozenset({Phase.DISPATCHED, Phase.OUTCOME_UNKNOWN, Phase.ACKED})


def join(ctx: Context, draft: Draft, hold: Hold, enforcer: Enforcer) -> None:
    """Let ``hold`` want the lane of its target at ``enforcer``."""
    key = compose(draft.tenant, enforcer.name, hold.control, hold.target_type, hold.target_id)
    lane = draft.lanes.get(key) or Lane(key, enforcer.name, hold.control, hold.aim)
    names = tuple(sorted({*lane.aim.aliases, *hold.aim.aliases}))
    draft.put_hold("pending", replace(hold, state=HoldState.PENDING, lane=key, connector=enforcer.name))
    lane = replace(lane, holds=(*lane.holds, hold.uid), aim=Aim(lane.aim.type, lane.aim.id, names))
    settle(ctx, draft, draft.put_lane("joined", lane))


def leave(ctx: Context, draft: Draft, hold: Hold, by: str) -> None:
    """End the lease of ``hold``; the control goes when nobody else wants it."""
    lane = draft.lanes[hold.lane or ""]
    others = tuple(uid for uid in lane.holds if uid != hold.uid)
    ended = replace(hold, ended_by=by)
    if others:
        draft.put_lane("left", replace(lane, holds=others))
        why = f"{hold.reason}; its lease ended, another incident still wants it"
        draft.put_hold("released", replace(ended, state=HoldState.RELEASED, released_at=draft.now, reason=why))
        return
    draft.put_hold("ending", ended)
    ending = (*lane.ending, hold.uid) if hold.uid not in lane.ending else lane.ending
    freed = replace(lane, held=True, ours=True, manual=False) if lane.manual else lane
    lane = replace(freed, holds=others, ending=ending)
    settle(ctx, draft, draft.put_lane("left", lane))


def settle(ctx: Context, draft: Draft, lane: Lane) -> None:
    """Start what brings ``lane`` to where it is wanted, unless something is in flight."""
    lane = _withdrawn(draft, lane)
    effect = lane.effect
    if lane.manual or (effect is not None and effect.is_open):
        reflect(draft, lane)
    elif lane.holds and (not lane.held or _was_releasing(lane) or _is_stale_edge(ctx, draft, lane)):
        start(ctx, draft, lane, Direction.APPLY, "")
    elif lane.holds:
        _renew(ctx, draft, lane)
    elif lane.held and lane.ours and ctx.spec(lane).kind is ControlKind.LEVEL:
        cause = next((draft.holds[uid].ended_by or EXPIRY for uid in lane.ending), EXPIRY)
        start(ctx, draft, lane, Direction.RELEASE, cause)
    else:
        finish(draft, lane)


def start(ctx: Context, draft: Draft, lane: Lane, direction: Direction, cause: str) -> None:
    """Flip the lane: a new generation, whose effect looks at the product before anything else."""
    generation = lane.generation + 1
    seq = lane.effect.seq if lane.effect else 0
    key = effect_key(draft.tenant, lane.key, generation, direction)
    effect = Effect(key, generation, direction, Phase.RECONCILING, draft.now, seq, cause)
    reconcile(ctx, draft, replace(lane, generation=generation, effect=effect))


def reconcile(ctx: Context, draft: Draft, lane: Lane) -> None:
    """Ask what the product's state is."""
    effect = _open_effect(lane)
    resolved = lane.resolved if effect.direction is Direction.RELEASE or effect.attempt else None
    looking = replace(effect, phase=Phase.RECONCILING)
    ask(ctx, draft, lane, looking, "reconcile", resolved=resolved, since=effect.first_intent_at)


def ask(ctx: Context, draft: Draft, lane: Lane, effect: Effect, kind: str, **data: object) -> None:
    """Commit ``effect`` as it stands, then have ``kind`` done for it with ``data``."""
    due = effect.due if kind in ("apply", "release") else draft.now + ctx.timings.patience
    lane = replace(lane, effect=replace(effect, seq=effect.seq + 1, due=due))
    draft.put_lane(effect.phase, lane)
    about = {
        "connector": lane.connector,
        "control": lane.control.value,
        "direction": effect.direction.value,
        "attempt": effect.attempt,
        "aim": {"type": lane.aim.type.value, "id": lane.aim.id, "aliases": list(lane.aim.aliases)},
    }
    draft.act(lane, kind, about | data)
    reflect(draft, lane)


def close(draft: Draft, lane: Lane, phase: Phase, why: str = "") -> Lane:
    """End the lane's effect."""
    effect = replace(_open_effect(lane), phase=phase, due=None, why=why)
    return draft.put_lane(phase, replace(lane, effect=effect))


def supersede(draft: Draft, lane: Lane, why: str) -> Lane:
    """End an effect that was not sent. The leases that a release was to end are over: another one took their place."""
    lane = close(draft, lane, Phase.SUPERSEDED, why)
    if lane.effect and lane.effect.direction is Direction.RELEASE:
        finish(draft, lane)
    return draft.lanes[lane.key]


def finish(draft: Draft, lane: Lane) -> None:
    """Say of every ending lease that it is over: nothing of ours is in place any more."""
    for uid in lane.ending:
        hold = draft.holds[uid]
        if hold.applied_at is None and hold.command_uid is None:
            why = f"it ended ({hold.ended_by}) before it was sent; {hold.reason}"
            by = hold.ended_by if hold.decided_by_human else "policy:expiry"
            draft.put_hold("denied", replace(hold, state=HoldState.DENIED, decided_by=by, reason=why))
        else:
            draft.put_hold("released", replace(hold, state=HoldState.RELEASED, released_at=draft.now))
    lane = replace(lane, ending=(), held=bool(lane.holds) and lane.held, ours=bool(lane.holds) and lane.ours)
    draft.put_lane("settled", lane)


def reflect(draft: Draft, lane: Lane) -> None:
    """Let every lease of the lane show where its effect stands."""
    for uid in (*lane.holds, *(lane.ending if lane.manual else ())):
        hold = draft.holds[uid]
        shown = _mirror(lane, hold)
        if shown != hold:
            draft.put_hold(shown.state, shown)


def wanted_until(ctx: Context, draft: Draft, lane: Lane) -> int:
    """Return when the product may end the control by itself: a little after the last lease."""
    ends = [draft.holds[uid].expires_at or draft.now for uid in lane.holds]
    return max(ends, default=draft.now) + ctx.timings.native_margin


def _mirror(lane: Lane, hold: Hold) -> Hold:
    effect = lane.effect
    if lane.manual:
        why = effect.why if effect else ""
        return replace(
            hold,
            state=HoldState.MANUAL,
            reason=f"{why}; {hold.reason}" if hold.state is not HoldState.MANUAL else hold.reason,
        )
    if effect is None or effect.direction is Direction.RELEASE:
        return hold
    applied = effect.applied_at
    uid = effect.key if effect.attempt or (applied is not None and lane.ours) else None
    hold = replace(hold, command_uid=uid)
    if applied is not None and hold.applied_at is None:
        hold = replace(hold, applied_at=max(applied, hold.created_at), state=HoldState.ACTIVE)
    if effect.phase is Phase.INEFFECTIVE and hold.state is not HoldState.INEFFECTIVE:
        return replace(hold, state=HoldState.INEFFECTIVE, reason=f"{effect.why}; {hold.reason}")
    if effect.verified_at is not None and hold.verified_at is None:
        hold = replace(hold, verified_at=max(effect.verified_at, hold.created_at), state=HoldState.VERIFIED)
    return hold


def _withdrawn(draft: Draft, lane: Lane) -> Lane:
    """Return the lane without an effect that nobody wants any more, where nothing can have been sent."""
    effect = lane.effect
    if effect is None or not effect.is_open:
        return lane
    unwanted = bool(lane.holds) if effect.direction is Direction.RELEASE else not lane.holds
    if unwanted and not effect.attempt:
        return supersede(draft, lane, "nobody wanted it any more before it was sent")
    in_flight = effect.phase is not Phase.VERIFYING and (effect.unsure or effect.phase in _AT_THE_PRODUCT)
    if unwanted and effect.direction is Direction.APPLY and effect.applied_at is not None and not in_flight:
        return close(draft, lane, Phase.EFFECTIVE, "it ended before evidence was in")
    return lane


def _was_releasing(lane: Lane) -> bool:
    """Say whether a release was given up, so that what is in place must be seen and proved anew."""
    effect = lane.effect
    return effect is not None and effect.direction is Direction.RELEASE and effect.phase is Phase.SUPERSEDED


def _is_stale_edge(ctx: Context, draft: Draft, lane: Lane) -> bool:
    """Say whether somebody wants an event again that happened before they asked."""
    if ctx.spec(lane).kind is not ControlKind.EDGE:
        return False
    done = (lane.effect.first_intent_at if lane.effect else None) or 0
    return any(draft.holds[uid].created_at > done for uid in lane.holds)


def _renew(ctx: Context, draft: Draft, lane: Lane) -> None:
    """Tell the product of a longer lease, where it would end the control too early by itself."""
    effect = lane.effect
    until = effect.until if effect and effect.applied_at is not None else None
    early = until is not None and until + SECOND < wanted_until(ctx, draft, lane)
    if early and lane.ours and not ctx.judge.stopped(draft.modes, lane.control, lane.connector):
        reconcile(ctx, draft, lane)
    else:
        reflect(draft, lane)


def _open_effect(lane: Lane) -> Effect:
    if lane.effect is None:
        raise AssertionError(f"lane {lane.key} has no effect")
    return lane.effect
