"""Casting a whole group: every entity with its role, its reason in words, and how far the evidence carries a control."""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.entity import Authority, Entity, Role
from services.detect.correlate.core.groups import Group
from services.detect.correlate.core.verdict import Verdict
from services.detect.correlate.core.view import View
from services.detect.correlate.roles.accounts import cast_accounts
from services.detect.correlate.roles.addresses import cast_addresses
from services.detect.correlate.roles.bystanders import cast_bystanders
from services.detect.correlate.roles.casting import Casting, Part
from services.detect.correlate.roles.contained import cast_named
from services.detect.correlate.roles.hosts import cast_hosts, spare_controllers

_RANK: Final[Mapping[Authority, int]] = {Authority.NONE: 0, Authority.PROPOSE: 1, Authority.ACT: 2}
SETTLING: Final = "waiting a moment for what would explain it"


Settled = Callable[[Part], bool]


def entities_of(view: View, group: Group, verdict: Verdict, is_settled: Settled) -> tuple[Entity, ...]:
    """Return the cast of ``group``. What rests on an absence has no authority until it is settled."""
    casting = Casting()
    named = cast_named(view, group, casting)
    cast_hosts(view, group, casting)
    cast_accounts(view, group, casting)
    cast_addresses(view, group, casting)
    spare_controllers(view, casting)
    times = [seen.time for seen in verdict.observations]
    cast_bystanders(view, casting, min(times, default=0), max(times, default=0))
    return tuple(
        _entity(casting.parts[key], verdict, is_named=key in named, is_settled=is_settled)
        for key in sorted(casting.parts)
    )


def _entity(part: Part, verdict: Verdict, *, is_named: bool, is_settled: Settled) -> Entity:
    may_be_held = part.role in {Role.ATTACKER_CONTROLLED, Role.UNKNOWN}
    base = Authority.ACT if is_named else verdict.authority
    waits = may_be_held and part.absence and base is not Authority.NONE and not is_settled(part)
    authority = min(base, part.cap, key=lambda each: _RANK[each]) if may_be_held and not waits else Authority.NONE
    return Entity(
        type=part.type,
        id=part.name,
        role=part.role,
        why=f"{part.why}; {SETTLING}" if waits else part.why,
        authority=authority,
        asset_class=part.asset_class,
        since=part.first,
        last=part.last,
    )
