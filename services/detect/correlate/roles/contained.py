"""Entities that a rule of stage `contain` groups by: the rule passes the acting threshold by itself, for them alone."""

from schemas.entity import Authority, Entity, EntityType, Role
from schemas.finding import Stage
from services.detect.correlate.core.addresses import may_be_explained, why_own
from services.detect.correlate.core.evidence import findings_on
from services.detect.correlate.core.groups import Group
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import is_special
from services.detect.correlate.roles.casting import Casting


def cast_named(view: View, group: Group, casting: Casting) -> frozenset[tuple[EntityType, str]]:
    """Give what such rules name its part; return the entities that may be acted on whatever the score."""
    named: set[tuple[EntityType, str]] = set()
    for node in group.nodes.values():
        for filed in findings_on(view, node):
            if filed.stage is Stage.CONTAIN:
                named |= {_give(view, casting, entity, filed.title, filed.time) for entity in filed.named}
    return frozenset(named)


def _give(view: View, casting: Casting, entity: Entity, title: str, time: int) -> tuple[EntityType, str]:
    why = f"the rule {title} counts by it"
    if entity.type is EntityType.ADDRESS and (is_special(entity.id) or why_own(view, entity.id)):
        part = casting.give(entity.type, entity.id, Role.INFRASTRUCTURE, why_own(view, entity.id) or "no machine", time)
        part.cap = Authority.NONE
    else:
        part = casting.give(entity.type, entity.id, Role.ATTACKER_CONTROLLED, why, time)
        part.absence = entity.type is EntityType.ADDRESS and may_be_explained(entity.id)
    return entity.type, entity.id
