"""A finding off the topic becomes what the core files: about whom it is, and whom it mentions."""

from typing import Final

from schemas.entity import Entity, EntityType, Role, canonical_account, canonical_address, canonical_host
from schemas.finding import Finding, FindingDetail, Stage
from services.detect.correlate.core.finding import Actor, Filed
from services.detect.correlate.native import actor_of, mentions_of

_ADDRESS_FIELDS: Final = frozenset(
    {"src_ip", "sourceip", "sourceaddress", "ipaddress", "sourceipaddress", "client_ip", "rhost", "address"}
)
_ACCOUNT_FIELDS: Final = frozenset({"subjectusername", "user", "useridentity.arn", "account", "arn"})
_HOST_FIELDS: Final = frozenset({"computer", "hostname"})


def filed(finding: Finding) -> Filed:
    """Return ``finding`` as the core files it."""
    detail, info = finding.unmapped.stanch, finding.finding_info
    native = finding.evidences[0].data if finding.evidences else {}
    named = _named(detail, finding.time) if detail.stage is Stage.CONTAIN else ()
    actor = actor_of(detail.event_kind, native)
    return Filed(
        uid=info.uid,
        event=detail.event_uid,
        time=finding.time,
        rule=info.title,
        title=info.title,
        level=detail.level,
        actor=_counted(actor.host, named) if named else actor,
        tactics=detail.tactics,
        stage=detail.stage,
        anchor=detail.anchor or "",
        ours=detail.anchor is not None,
        mentions=mentions_of(native),
        named=named,
    )


def _counted(host: str, named: tuple[Entity, ...]) -> Actor:
    """Return whom a rule that counts speaks of: what it counts by, not who happened to complete the count."""
    names = {entity.type: entity.id for entity in named}
    source = names.get(EntityType.ADDRESS) or names.get(EntityType.HOST, "")
    return Actor(host, account=names.get(EntityType.ACCOUNT, ""), source=source)


def _named(detail: FindingDetail, time: int) -> tuple[Entity, ...]:
    """Return the entities that the rule's group-by fields name."""
    found = [_entity(name.lower(), value, time) for name, value in sorted(detail.matched.items())]
    return tuple(entity for entity in found if entity is not None)


def _entity(field: str, value: object, time: int) -> Entity | None:
    kind, name = _classified(field, str(value))
    if kind is None or not name:
        return None
    return Entity(type=kind, id=name, role=Role.ATTACKER_CONTROLLED, why="a rule counts by it", since=time, last=time)


def _classified(field: str, value: str) -> tuple[EntityType | None, str]:
    if field in _ADDRESS_FIELDS:
        return EntityType.ADDRESS, canonical_address(value)
    if field in _ACCOUNT_FIELDS:
        domain, separator, name = value.partition("\\")
        return EntityType.ACCOUNT, canonical_account(domain, name) if separator else value
    if field in _HOST_FIELDS:
        return EntityType.HOST, canonical_host(value)
    return None, ""
