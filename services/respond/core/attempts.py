"""An attempt: look at the product, and only where nothing is in place nor under way, write the intent and send."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from services.respond.core import renewals
from services.respond.core.checking import release_done, verify
from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.endings import give_up, hand_over
from services.respond.core.fates import park
from services.respond.core.lanes import EXPIRY, ask, close, finish, settle, supersede, wanted_until
from services.respond.core.records import Direction, Effect, Lane, Phase
from services.respond.core.sending import intend, is_ours, may_still_show, wait
from services.respond.ports.guards import Resolution

Data = Mapping[str, Any]


def take_observation(ctx: Context, draft: Draft, lane: Lane, data: Data) -> None:
    """Take in what the product's state is."""
    effect, why = lane.effect, str(data.get("why", data.get("reason", "")))
    if effect is None:
        return
    match data.get("fate"):
        case "observed":
            lane = replace(lane, resolved=data["resolved"])
            _decide(ctx, draft, lane, replace(effect, failures=0), data)
        case "ambiguous":
            _refuse_ambiguous(ctx, draft, lane, tuple(data["candidates"]))
        case "absent" | "unconfigured":
            give_up(ctx, draft, lane, why)
        case _:
            again = replace(effect, failures=effect.failures + 1, why=why)
            wait(ctx, draft, lane, again, ctx.timings.pause(effect.failures))


def _decide(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    pending = data.get("pending")
    if pending is not None:
        _adopt_or_await(ctx, draft, lane, effect, pending)
    elif effect.direction is Direction.APPLY:
        _decide_apply(ctx, draft, lane, effect, data)
    else:
        _decide_release(ctx, draft, lane, effect, data)


def _adopt_or_await(ctx: Context, draft: Draft, lane: Lane, effect: Effect, pending: Data) -> None:
    """An order under way at the product is ours to follow where it goes our way, and to wait for where it does not."""
    if pending["direction"] != effect.direction:
        if draft.now - effect.started_at > ctx.timings.bounded(ctx.spec(lane).pending_limit):
            hand_over(
                draft, replace(lane, effect=effect), "the product does not finish an order that goes the other way"
            )
            return
        wait(ctx, draft, lane, replace(effect, failures=effect.failures + 1), ctx.timings.pause(effect.failures))
        return
    ours = is_ours(draft, lane, effect, pending.get("owner"))
    adopted = replace(
        effect, phase=Phase.ACKED, handle=pending["handle"], accepted_at=draft.now, unsure=False, foreign=not ours
    )
    ask(ctx, draft, replace(lane, ours=lane.ours or ours), adopted, "poll", handle=pending["handle"])


def _decide_apply(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    if effect.applied_at is not None:
        renewals.take_observation(ctx, draft, lane, effect, data)
    elif data["applied"]:
        _already_applied(ctx, draft, lane, effect, data)
    elif may_still_show(ctx, draft, lane, effect):
        wait(ctx, draft, lane, effect, ctx.timings.first_pause)
    else:
        _try_apply(ctx, draft, lane, effect, data)


def _already_applied(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    ours = is_ours(draft, lane, effect, data.get("owner"))
    adopted = replace(
        effect,
        accepted_at=effect.accepted_at or draft.now,
        unsure=False,
        foreign=not ours,
        until=data.get("until"),
    )
    verify(ctx, draft, replace(lane, held=True, ours=ours), replace(adopted, phase=Phase.VERIFYING))


def _try_apply(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    lane = _cleared(ctx, draft, replace(lane, effect=effect))
    if not lane.holds:
        settle(ctx, draft, supersede(draft, lane, "nothing that wants it may be sent any more"))
        return
    if lane.pre_image is None or not lane.held:
        lane = replace(lane, pre_image=dict(data.get("pre_image") or {}))
    intend(ctx, draft, lane, effect, wanted_until(ctx, draft, lane))


def _cleared(ctx: Context, draft: Draft, lane: Lane) -> Lane:
    """Return the lane with those leases alone that may still be sent, judged at the last moment before the intent."""
    staying = []
    resolution = Resolution("resolved", ((lane.resolved or {}).get("id", ""),))
    for uid in lane.holds:
        hold = draft.holds[uid]
        verdict = ctx.judge.judge(draft, hold, resolution)
        if verdict.fate == "go":
            staying.append(uid)
        else:
            park(draft, hold, verdict)
    return draft.put_lane("cleared", replace(lane, holds=tuple(staying))) if len(staying) < len(lane.holds) else lane


def _decide_release(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    if not data["applied"]:
        release_done(ctx, draft, replace(lane, effect=effect))
    elif not is_ours(draft, lane, effect, data.get("owner")):
        hand_over(draft, replace(lane, effect=effect), "somebody else put it in place since; theirs is not undone")
    elif lane.holds:
        settle(ctx, draft, supersede(draft, replace(lane, effect=effect), "wanted again before it was sent"))
    elif effect.cause == EXPIRY and ctx.judge.halted(draft.modes, lane.control, lane.connector):
        draft.put_lane("halted", replace(lane, effect=replace(effect, phase=Phase.WAITING, due=None)))
    else:
        intend(ctx, draft, lane, effect, draft.now)


def _refuse_ambiguous(ctx: Context, draft: Draft, lane: Lane, candidates: tuple[str, ...]) -> None:
    for uid in lane.holds:
        park(draft, draft.holds[uid], ctx.judge.judge(draft, draft.holds[uid], Resolution("ambiguous", candidates)))
    lane = close(draft, replace(lane, holds=()), Phase.REJECTED, f"several objects answer: {', '.join(candidates)}")
    finish(draft, lane)
