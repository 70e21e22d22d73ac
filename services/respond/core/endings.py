"""How an effect ends otherwise than well: another product's turn, or a human's. And the audit event of every end."""

from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.fates import advance
from services.respond.core.lanes import close, finish, reflect
from services.respond.core.public import remediation
from services.respond.core.records import Direction, Lane, Phase

SUCCESS: Literal[1] = 1
FAILURE: Literal[2] = 2
PARTIAL: Literal[4] = 4
ERROR: Literal[6] = 6


def publish_end(draft: Draft, lane: Lane, status: Literal[1, 2, 4, 6], holds: Sequence[str] = ()) -> None:
    """Publish the remediation activity of the lane's effect, if anything was sent for it."""
    served = next(iter((*holds, *lane.holds, *lane.ending)), None)
    if served is not None and lane.effect is not None and lane.effect.attempt:
        draft.tell(lane, remediation(draft.tenant, lane, draft.holds[served], status, draft.now))


def give_up(ctx: Context, draft: Draft, lane: Lane, why: str) -> None:
    """End an effect that the product will not carry out: another product may, else a human decides."""
    if lane.effect and lane.effect.direction is Direction.RELEASE:
        hand_over(draft, lane, f"the product does not release it: {why}")
        return
    if lane.effect and lane.effect.applied_at is not None:
        hand_over(draft, lane, f"the product does not prolong it: {why}")
        return
    lane = close(draft, lane, Phase.REJECTED, why)
    publish_end(draft, lane, ERROR)
    orphans = lane.holds
    lane = draft.put_lane("abandoned", replace(lane, holds=(), held=False, ours=False))
    finish(draft, lane)
    for uid in orphans:
        hold = draft.holds[uid]
        advance(ctx, draft, replace(hold, tried=(*hold.tried, (lane.connector, why)), lane=None, connector=None))


def hand_over(draft: Draft, lane: Lane, why: str) -> None:
    """Give the lane to a human: nothing is sent for it any more."""
    lane = close(draft, lane, Phase.MANUAL, why)
    publish_end(draft, lane, PARTIAL)
    reflect(draft, draft.put_lane("manual", replace(lane, manual=True)))
