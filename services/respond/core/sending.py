"""Sending: the intent that is committed before the call, and what tells our own doing from somebody else's."""

from msgspec.structs import replace

from schemas.identity import effect_key
from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.lanes import ask, settle
from services.respond.core.public import command
from services.respond.core.records import Direction, Effect, Lane, Phase


def wait(ctx: Context, draft: Draft, lane: Lane, effect: Effect, pause: int) -> None:
    """Look again after ``pause`` milliseconds."""
    lane = replace(lane, effect=replace(effect, phase=Phase.WAITING, due=draft.now + pause))
    settle(ctx, draft, draft.put_lane(Phase.WAITING, lane))


def intend(ctx: Context, draft: Draft, lane: Lane, effect: Effect, until: int) -> None:
    """Write the intent. The call is made after its commit, and only until the deadline."""
    deadline = draft.now + ctx.timings.dispatch
    kind = getattr(ctx.enforcer(lane), "kind", lane.connector)
    order = command(lane, effect, kind, draft.now, until)
    intent = replace(
        effect,
        phase=Phase.DISPATCHED,
        attempt=effect.attempt + 1,
        sent=True,
        unsure=True,
        intent_at=draft.now,
        first_intent_at=effect.first_intent_at or draft.now,
        dispatch_deadline=deadline,
        due=deadline + ctx.timings.http_timeout,
        until=until if ctx.spec(lane).native_ttl else None,
        command=order.model_dump(mode="json"),
    )
    data: dict[str, object] = {
        "resolved": lane.resolved,
        "since": intent.first_intent_at,
        "until": until,
        "deadline": deadline,
        "command": intent.command,
        "pre_image": lane.pre_image or {},
    }
    ours = effect.direction is Direction.APPLY or lane.ours
    ask(ctx, draft, replace(lane, ours=ours), intent, effect.direction.value, **data)


def may_still_show(ctx: Context, draft: Draft, lane: Lane, effect: Effect) -> bool:
    """Say whether a call whose answer is not known may be in place where reads do not show it yet."""
    lag = ctx.timings.bounded(ctx.spec(lane).read_lag)
    return effect.unsure and draft.now < (effect.intent_at or 0) + lag


def is_ours(draft: Draft, lane: Lane, effect: Effect, owner: str | None) -> bool:
    """Say whether it was us. Where the product names no owner: it was not in place before our first intent."""
    if owner is None:
        return effect.sent or lane.ours
    generations = range(1, lane.generation + 1)
    return any(owner == effect_key(draft.tenant, lane.key, number, way) for number in generations for way in Direction)
