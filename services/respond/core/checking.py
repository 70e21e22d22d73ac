"""Verification: the product's state read back, then evidence from another endpoint than the one that was written."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec.structs import replace

from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.endings import FAILURE, PARTIAL, SUCCESS, hand_over, publish_end
from services.respond.core.lanes import ask, close, finish, settle
from services.respond.core.records import Direction, Effect, Lane, Phase

Data = Mapping[str, Any]


def verify(ctx: Context, draft: Draft, lane: Lane, effect: Effect) -> None:
    """Have the state read back, and evidence gathered once the control has been seen in place."""
    since, looking = effect.first_intent_at, replace(effect, phase=Phase.VERIFYING)
    ask(ctx, draft, lane, looking, "verify", resolved=lane.resolved, since=since, window=effect.window)


def take_verification(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    """Take in what was read."""
    if data.get("result") != "read":
        _look_again(ctx, draft, lane, effect, str(data.get("why", "")))
    elif effect.direction is Direction.RELEASE:
        _take_release(ctx, draft, lane, effect, bool(data["applied"]))
    elif not data["applied"]:
        _not_in_place(ctx, draft, lane, effect)
    else:
        seen = replace(effect, applied_at=effect.applied_at or draft.now, window=effect.window or draft.now)
        if effect.applied_at is None:
            seen = replace(seen, failures=0)
        _weigh(ctx, draft, replace(lane, held=True), seen, data.get("evidence") or {})


def release_done(ctx: Context, draft: Draft, lane: Lane) -> None:
    """End a release: what we put in place is gone."""
    lane = close(draft, lane, Phase.RELEASED)
    publish_end(draft, lane, SUCCESS)
    lane = draft.put_lane("free", replace(lane, held=False, ours=False))
    finish(draft, lane)
    settle(ctx, draft, draft.lanes[lane.key])


def _weigh(ctx: Context, draft: Draft, lane: Lane, effect: Effect, evidence: Data) -> None:
    verdict = evidence.get("verdict", "inconclusive")
    known = replace(effect, evidence=dict(evidence) or effect.evidence)
    over = draft.now > (effect.applied_at or draft.now) + ctx.timings.bounded(ctx.spec(lane).effect_lag)
    if verdict == "holds":
        _end(ctx, draft, lane, replace(known, verified_at=effect.verified_at or draft.now), why="", status=SUCCESS)
    elif verdict == "contradicts" and over:
        _ineffective(ctx, draft, lane, known, "the product says it is in place, and evidence says it is not")
    elif verdict == "contradicts":
        _look_again(ctx, draft, lane, replace(known, window=draft.now), "evidence contradicts so far")
    elif over:
        _end(ctx, draft, lane, known, why="no independent evidence was to be had", status=PARTIAL)
    else:
        _look_again(ctx, draft, lane, known, "no evidence yet")


def _not_in_place(ctx: Context, draft: Draft, lane: Lane, effect: Effect) -> None:
    since = effect.accepted_at or effect.started_at
    if draft.now > since + ctx.timings.bounded(ctx.spec(lane).effect_lag):
        _ineffective(ctx, draft, replace(lane, held=True), effect, "the product took the order, and it is not in place")
    else:
        _look_again(ctx, draft, lane, effect, "not in place yet")


def _take_release(ctx: Context, draft: Draft, lane: Lane, effect: Effect, applied: bool) -> None:
    since = effect.accepted_at or effect.started_at
    if not applied:
        release_done(ctx, draft, replace(lane, effect=effect))
    elif draft.now <= since + ctx.timings.bounded(ctx.spec(lane).effect_lag):
        _look_again(ctx, draft, lane, effect, "still in place")
    elif effect.attempt < ctx.timings.attempts:
        again = replace(effect, phase=Phase.WAITING, due=draft.now + ctx.timings.first_pause, handle=None)
        draft.put_lane(Phase.WAITING, replace(lane, effect=again))
    else:
        hand_over(draft, replace(lane, effect=effect), "the product took the release and did not carry it out")


def _look_again(ctx: Context, draft: Draft, lane: Lane, effect: Effect, why: str) -> None:
    due = draft.now + ctx.timings.pause(effect.failures)
    later = replace(effect, failures=effect.failures + 1, due=due, why=why)
    settle(ctx, draft, draft.put_lane("looked", replace(lane, effect=later)))


def _ineffective(ctx: Context, draft: Draft, lane: Lane, effect: Effect, why: str) -> None:
    _end(ctx, draft, lane, effect, why=why, status=FAILURE, phase=Phase.INEFFECTIVE)


def _end(
    ctx: Context,
    draft: Draft,
    lane: Lane,
    effect: Effect,
    *,
    why: str,
    status: Literal[1, 2, 4],
    phase: Phase = Phase.EFFECTIVE,
) -> None:
    if phase is Phase.EFFECTIVE and effect.foreign:
        phase = Phase.EFFECTIVE_FOREIGN
    lane = close(draft, replace(lane, effect=effect), phase, why)
    publish_end(draft, lane, status)
    settle(ctx, draft, lane)
