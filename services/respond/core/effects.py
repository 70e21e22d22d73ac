"""Effects: what the product's answers lead to. A lost answer is never answered by a second call, but by a look."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from runtime.machine import Outcome
from services.respond.core import attempts, checking, renewals
from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.endings import give_up, hand_over
from services.respond.core.lanes import ask, reconcile
from services.respond.core.records import Direction, Effect, Lane, Phase
from services.respond.core.sending import wait

Data = Mapping[str, Any]


def take_outcome(ctx: Context, draft: Draft, given: Outcome) -> None:
    """Take in what an action brought home; an answer that nobody waits for any more is stale."""
    number, _, key = given.action.partition("|")
    lane = draft.lanes.get(key)
    if lane is None or lane.effect is None or not lane.effect.is_open or str(lane.effect.seq) != number:
        return
    match lane.effect.phase:
        case Phase.RECONCILING:
            attempts.take_observation(ctx, draft, lane, given.data)
        case Phase.DISPATCHED:
            _take_answer(ctx, draft, lane, lane.effect, given.data)
        case Phase.ACKED:
            _take_progress(ctx, draft, lane, lane.effect, given.data)
        case Phase.VERIFYING:
            checking.take_verification(ctx, draft, lane, lane.effect, given.data)
        case _:
            return


def wake(ctx: Context, draft: Draft, lane: Lane) -> None:
    """Go on with an effect whose time has come."""
    effect = lane.effect
    if effect is None or not effect.is_open:
        return
    match effect.phase:
        case Phase.ACKED:
            ask(ctx, draft, lane, effect, "poll", handle=effect.handle)
        case Phase.VERIFYING:
            checking.verify(ctx, draft, lane, effect)
        case Phase.DISPATCHED:
            unknown = replace(effect, unsure=True, why="no answer came")
            reconcile(ctx, draft, replace(lane, effect=unknown))
        case _:
            reconcile(ctx, draft, lane)


def resume(ctx: Context, draft: Draft, lane: Lane) -> None:
    """Take over an effect whose action died with its owner: reads are asked for again, a call is left to its deadline."""
    effect = lane.effect
    if effect is None or not effect.is_open:
        return
    if effect.phase is Phase.DISPATCHED:
        _wait_for_unknown(ctx, draft, lane, effect, "the owner died before the answer was known")
    elif effect.phase not in (Phase.OUTCOME_UNKNOWN, Phase.WAITING):
        wake(ctx, draft, lane)


def _take_answer(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    why = str(data.get("why", ""))
    match data.get("result", "unknown"):
        case "accepted":
            _accepted(ctx, draft, lane, effect, data)
        case "not_sent":
            again = replace(effect, failures=effect.failures + 1, unsure=False, why=why)
            wait(ctx, draft, lane, again, ctx.timings.pause(effect.failures))
        case "refused":
            _refused(ctx, draft, lane, effect, data)
        case _:
            _wait_for_unknown(ctx, draft, lane, effect, why)


def _accepted(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    handle = data.get("handle")
    if effect.direction is Direction.APPLY and effect.applied_at is not None:
        renewals.renewed(ctx, draft, lane, effect)
        return
    taken = replace(effect, accepted_at=draft.now, unsure=False, failures=0, handle=handle)
    if handle:
        ask(ctx, draft, lane, replace(taken, phase=Phase.ACKED), "poll", handle=handle)
    else:
        checking.verify(ctx, draft, lane, replace(taken, phase=Phase.VERIFYING))


def _wait_for_unknown(ctx: Context, draft: Draft, lane: Lane, effect: Effect, why: str) -> None:
    due = (effect.dispatch_deadline or draft.now) + ctx.timings.http_timeout
    unknown = replace(effect, phase=Phase.OUTCOME_UNKNOWN, unsure=True, due=due, why=why)
    draft.put_lane(Phase.OUTCOME_UNKNOWN, replace(lane, effect=unknown))


def _refused(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    why = str(data.get("why", ""))
    known = replace(effect, unsure=False, failures=effect.failures + 1, why=why)
    if data.get("kind") == "permanent":
        give_up(ctx, draft, replace(lane, effect=known), why)
    else:
        pause = max(ctx.timings.pause(effect.failures), int(data.get("retry_after", 0)))
        wait(ctx, draft, lane, known, pause)


def _take_progress(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    since = effect.accepted_at or effect.started_at
    match data.get("result"):
        case "succeeded":
            checking.verify(ctx, draft, lane, replace(effect, phase=Phase.VERIFYING, failures=0))
        case "failed" if effect.attempt < ctx.timings.attempts:
            why = str(data.get("why", ""))
            again = replace(effect, failures=effect.failures + 1, unsure=False, handle=None, why=why)
            wait(ctx, draft, lane, again, ctx.timings.pause(effect.failures))
        case "failed":
            give_up(ctx, draft, lane, f"the product took it {effect.attempt} times and failed: {data.get('why', '')}")
        case _ if draft.now - since > ctx.timings.bounded(ctx.spec(lane).pending_limit):
            hand_over(draft, lane, "the product took the order and has not finished it; a human must look")
        case _:
            pause = ctx.timings.pause(effect.failures)
            later = replace(effect, failures=effect.failures + 1, due=draft.now + pause)
            draft.put_lane("pending", replace(lane, effect=later))
