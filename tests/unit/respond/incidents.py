"""Incidents, decisions and modes as respond reads them."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from runtime.log import Received
from schemas.decision import Decision, Verb
from schemas.entity import AssetClass, Authority, Entity, EntityType, Role
from schemas.finding import Metadata, Stage
from schemas.incident import Group, Incident, IncidentDetail, Unmapped
from schemas.mode import Mode, ModeChange

TENANT = "acme"
START = 1_760_000_000_000


def entity(
    kind: EntityType,
    name: str,
    *,
    role: Role = Role.ATTACKER_CONTROLLED,
    authority: Authority = Authority.ACT,
    asset_class: AssetClass = AssetClass.UNKNOWN,
    aliases: tuple[str, ...] = (),
    last: int = START,
) -> Entity:
    """An entity with its reason in words."""
    return Entity(
        type=kind, id=name, aliases=aliases, role=role, why=f"{name} is {role}", authority=authority,
        asset_class=asset_class, since=last, last=last,
    )  # fmt: skip


def host(name: str = "WKS01", **more: object) -> Entity:
    """A machine."""
    return entity(EntityType.HOST, name, **more)  # type: ignore[arg-type]


def account(name: str = "CORP\\jane", **more: object) -> Entity:
    """An account."""
    return entity(EntityType.ACCOUNT, name, **more)  # type: ignore[arg-type]


def address(name: str = "203.0.113.7", **more: object) -> Entity:
    """An address."""
    return entity(EntityType.ADDRESS, name, **more)  # type: ignore[arg-type]


def incident(*entities: Entity, uid: str = "i-1", merged_into: str | None = None, tenant: str = TENANT) -> Incident:
    """The latest state of an incident about ``entities``."""
    detail = IncidentDetail(
        version=1, authority=Authority.ACT, score=90, stage=Stage.ALERT, entities=tuple(entities),
        rules={"Encoded PowerShell": 20}, newest_evidence=START, merged_into=merged_into,
    )  # fmt: skip
    return Incident(
        activity_id=1, type_uid=200501, severity_id=4, confidence_score=90, time=START, start_time=START, end_time=START,
        assignee_group=Group(name=tenant), metadata=Metadata(tenant_uid=tenant, uid=uid), finding_info_list=(),
        desc="an intrusion", unmapped=Unmapped(stanch=detail),
    )  # fmt: skip


def decision(verb: Verb, subject: str, digest: str | None = None, by: str = "human:ana", at: int = START) -> Decision:
    """What a human says."""
    return Decision(uid=f"d-{verb}-{subject}", tenant=TENANT, verb=verb, subject=subject, by=by, digest=digest, at=at)


def mode(value: Mode, at: int = START, scope: Mapping[str, str] | None = None) -> ModeChange:
    """An entry of the topic modes."""
    fields = {"mode": value, "by": "human:ana", "reason": "a drill", "at": at}
    return ModeChange.model_validate(fields | dict(scope or {}))


def received(topic: str, model: BaseModel | bytes, at: int = START, tenant: str = TENANT) -> Received:
    """The message as the log hands it out."""
    value = model if isinstance(model, bytes) else model.model_dump_json().encode()
    return Received(topic, 0, 0, tenant, f"{tenant}|x", value, {}, at)


def kinds(entries: Sequence[object]) -> list[str]:
    """The kinds of ledger entries, in order."""
    return [str(getattr(one, "kind", "")) for one in entries]
