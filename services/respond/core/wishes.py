"""Incidents in: which entities call for which control, once per incident however often it is published."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace
from pydantic import ValidationError

from runtime.errors import Rejected
from runtime.log import Received
from schemas.entity import AssetClass, Entity, EntityType, Role, canonical_address
from schemas.hold import HoldState
from schemas.identity import derived_uid
from schemas.incident import Incident
from schemas.times import MINUTE
from services.respond.core.context import Context
from services.respond.core.draft import Draft
from services.respond.core.fates import advance, because, deny
from services.respond.core.lanes import EXPIRY
from services.respond.core.playbook import Playbook, PlaybookStep
from services.respond.core.records import UNDECIDED, Hold, Known, Subject


def take_incident(ctx: Context, draft: Draft, playbooks: Sequence[Playbook], given: Received) -> None:
    """Take in the latest state of an incident.

    Raises:
        Rejected: it is none, or another tenant's.
    """
    incident = _decode(draft.tenant, given)
    if incident.detail.merged_into is not None:
        _close_alias(draft, incident.uid, incident.detail.merged_into)
        return
    for entity in incident.detail.entities:
        draft.learn(_known(entity))
    for call in _calls(playbooks, incident):
        _wish(ctx, draft, _fresh(ctx, draft, incident, call))


def hold_uid(tenant: str, hold: Hold, episode: int) -> str:
    """Return the id that follows from who wants what for which incident, for the n-th time."""
    return derived_uid("hold", tenant, hold.control, hold.target_type, hold.target_id, hold.incident, str(episode))


def _decode(tenant: str, given: Received) -> Incident:
    try:
        incident = Incident.model_validate_json(given.value)
    except ValidationError as error:
        raise Rejected(f"no incident: {error}") from error
    if incident.tenant != tenant:
        raise Rejected(f"an incident of {incident.tenant!r} in the stream of {tenant!r}")
    return incident


def _close_alias(draft: Draft, uid: str, into: str) -> None:
    """Close what waits for a decision on an incident that became an alias; what is in place stays leased."""
    for hold in [one for one in draft.holds.values() if one.incident == uid and one.state in UNDECIDED]:
        deny(draft, hold, "policy:merged", f"superseded: the incident was merged into {into}")


class _Call(NamedTuple):
    playbook: Playbook
    step: PlaybookStep
    clause: str
    entity: Entity


def _calls(playbooks: Sequence[Playbook], incident: Incident) -> Iterator[_Call]:
    for entity in incident.detail.entities:
        for playbook in playbooks:
            for step, clause in playbook.wishes(incident, entity):
                yield _Call(playbook, step, clause, entity)


def _fresh(ctx: Context, draft: Draft, incident: Incident, call: _Call) -> Hold:
    step, entity = call.step, call.entity
    hold = Hold(
        uid="",
        control=step.control,
        target_type=entity.type,
        target_id=entity.id,
        incident=incident.uid,
        playbook=call.playbook.name,
        clause=f"{call.playbook.name}: {call.clause}",
        always_ask=step.approval == "always",
        ttl=int((step.ttl or ctx.judge.tenant.hold_minutes) * MINUTE),
        subject=_subject(entity),
        created_at=draft.now,
        state=HoldState.OBSERVED,
        rules=tuple(sorted(incident.detail.rules)),
    )
    return replace(hold, uid=hold_uid(draft.tenant, hold, 1), reason=because(hold))


def _wish(ctx: Context, draft: Draft, wish: Hold) -> None:
    known, episode = draft.holds.get(wish.uid), 1
    while known is not None and _is_over(known, wish):
        episode += 1
        wish = replace(wish, uid=hold_uid(draft.tenant, wish, episode))
        known = draft.holds.get(wish.uid)
    if known is None:
        advance(ctx, draft, wish)
    elif known.state in UNDECIDED or (known.state is HoldState.DENIED and not known.decided_by_human):
        _judge_again(ctx, draft, known, wish)
    elif wish.subject != known.subject:
        count = known.suppressed_count + 1
        draft.put_hold("repeated", replace(known, subject=wish.subject, rules=wish.rules, suppressed_count=count))


def _judge_again(ctx: Context, draft: Draft, known: Hold, wish: Hold) -> None:
    """Evidence adds: what was only proposed may go by itself now."""
    if known.ended_by is not None and not _has_news(known, wish):
        return
    repeats = known.suppressed_count + (wish.subject != known.subject)
    again = replace(
        known, subject=wish.subject, clause=wish.clause, rules=wish.rules, suppressed_count=repeats, ended_by=None
    )
    advance(ctx, draft, again)


def _is_over(known: Hold, wish: Hold) -> bool:
    """Say whether the lease ran out by itself and the entity was at it again afterwards."""
    return known.state is HoldState.RELEASED and known.ended_by == EXPIRY and _has_news(known, wish)


def _has_news(known: Hold, wish: Hold) -> bool:
    return wish.subject.evidence_at > (known.released_at or known.expires_at or known.created_at)


def _subject(entity: Entity) -> Subject:
    return Subject(
        role=entity.role,
        why=entity.why,
        authority=entity.authority,
        asset_class=entity.asset_class,
        observed=entity.observed,
        evidence_at=entity.last,
        aliases=tuple(sorted(entity.aliases)),
    )


def _known(entity: Entity) -> Known:
    """Return what guards must know of ``entity``: its class, and the addresses that are the tenant's own."""
    infrastructure = entity.role is Role.INFRASTRUCTURE
    own = entity.type is EntityType.HOST or infrastructure
    names = (entity.id, *entity.aliases) if infrastructure else entity.aliases
    foreign = entity.type is EntityType.HOST and canonical_address(entity.id)
    addresses = tuple(sorted({canonical_address(name) for name in names} - {""})) if own and not foreign else ()
    asset_class = entity.asset_class if entity.asset_class in AssetClass else AssetClass.UNKNOWN
    return Known(entity.id, entity.type, asset_class, infrastructure, addresses)
