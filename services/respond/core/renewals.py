"""Renewals: a longer lease told to a product that would end the control by itself too early."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from schemas.times import SECOND
from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.endings import hand_over
from services.respond.core.lanes import close, settle, wanted_until
from services.respond.core.records import Effect, Lane, Phase
from services.respond.core.sending import intend, is_ours, may_still_show, wait

Data = Mapping[str, Any]


def take_observation(ctx: Context, draft: Draft, lane: Lane, effect: Effect, data: Data) -> None:
    """Take in what the product says of a control that was in place before."""
    lane = replace(lane, effect=effect)
    until, wanted = data.get("until"), wanted_until(ctx, draft, lane)
    if data["applied"] and not is_ours(draft, lane, effect, data.get("owner")):
        hand_over(draft, lane, "somebody else put it in place since; theirs is not prolonged")
    elif data["applied"] and lane.holds and until is not None and until + SECOND < wanted:
        _prolong(ctx, draft, lane, effect, wanted)
    elif data["applied"]:
        renewed(ctx, draft, lane, replace(effect, until=until))
    elif may_still_show(ctx, draft, lane, effect):
        wait(ctx, draft, lane, effect, ctx.timings.first_pause)
    else:
        hand_over(draft, lane, "somebody undid it before its lease was over")


def renewed(ctx: Context, draft: Draft, lane: Lane, effect: Effect) -> None:
    """End a renewal: the control is in place, as it was."""
    lane = close(draft, replace(lane, effect=replace(effect, unsure=False)), Phase.EFFECTIVE)
    settle(ctx, draft, lane)


def _prolong(ctx: Context, draft: Draft, lane: Lane, effect: Effect, wanted: int) -> None:
    if ctx.judge.stopped(draft.modes, lane.control, lane.connector):
        renewed(ctx, draft, lane, effect)
    else:
        intend(ctx, draft, lane, effect, wanted)
