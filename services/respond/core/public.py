"""What others see of a hold and of an effect: the public state, the OpenC2 command, the remediation activity."""

import hashlib
from ipaddress import ip_address
from typing import Any, Literal, cast

from schemas.command import Args, Command
from schemas.control import VOCABULARY, Control
from schemas.entity import EntityType
from schemas.hold import GuardResult, HoldState, Target
from schemas.hold import Hold as PublicHold
from schemas.identity import derived_uid, prefixed
from schemas.remediation import Countermeasure, Remediation, RemediationDetail, RemediationMetadata, Unmapped
from services.respond.core.records import Direction, Effect, Hold, Lane
from services.respond.ports.aims import Aim

_RESTORE = 3
_UNDONE_BY = {Control.NETWORK_ISOLATION: "D3-RNA", Control.ACCOUNT_DISABLED: "D3-ULA"}
_CUSTOM = "x-stanch"


def public(tenant: str, hold: Hold) -> PublicHold:
    """Return the public state of ``hold``; its suppressed repeats do not make it look different."""
    undecided = hold.state in (HoldState.OBSERVED, HoldState.AWAITING_APPROVAL)
    return PublicHold(
        uid=hold.uid,
        tenant=tenant,
        control=hold.control,
        target=Target(type=hold.target_type, id=hold.target_id),
        incident=hold.incident,
        playbook=hold.playbook,
        connector=hold.connector,
        state=hold.state,
        decided_by=None if hold.state is HoldState.AWAITING_APPROVAL else hold.decided_by,
        reason=hold.reason,
        guards=tuple(
            GuardResult(guard=one.guard, verdict=one.verdict, fact=one.fact, would_change=one.would_change)
            for one in hold.guards
        ),
        digest=digest(tenant, hold) if hold.state is HoldState.AWAITING_APPROVAL else None,
        suppressed_count=hold.suppressed_count,
        created_at=hold.created_at,
        applied_at=hold.applied_at,
        verified_at=hold.verified_at,
        expires_at=None if undecided else hold.expires_at,
        released_at=hold.released_at,
        command_uid=None if undecided else hold.command_uid,
    )


def digest(tenant: str, hold: Hold) -> str:
    """Return the digest of exactly what a human is shown before approving: any change invalidates an approval."""
    parts = [
        tenant,
        hold.uid,
        hold.control,
        hold.target_type,
        hold.target_id,
        str(hold.ttl),
        hold.playbook,
        hold.reason,
    ]
    for one in hold.guards:
        parts += [one.guard, one.verdict, one.fact]
    return hashlib.sha256(prefixed(*(part.encode() for part in parts))).hexdigest()


def command(lane: Lane, effect: Effect, kind: str, now: int, until: int) -> Command:
    """Return the OpenC2 command of ``effect`` as it is sent at ``now``, to end at ``until``."""
    words = VOCABULARY[lane.control]
    applying = effect.direction is Direction.APPLY
    return Command(
        action=words.openc2_apply if applying else words.openc2_release,
        target=_target(lane.aim, lane.resolved or {}),
        args=Args(start_time=now, stop_time=max(until, now), comment=effect.key),
        actuator={_CUSTOM: {"connector": lane.connector, "kind": kind, "control": lane.control.value}},
        command_id=effect.key,
    )


def remediation(tenant: str, lane: Lane, hold: Hold, status: Literal[1, 2, 4, 6], now: int) -> Remediation:
    """Return the OCSF remediation activity of the lane's effect; ``hold`` is one that it served."""
    effect = cast("Effect", lane.effect)
    words, applying = VOCABULARY[lane.control], effect.direction is Direction.APPLY
    activity = words.ocsf_activity_id if applying else _RESTORE
    technique = words.d3fend if applying else _UNDONE_BY.get(lane.control)
    fields = {
        "class_uid": words.ocsf_class_uid,
        "activity_id": activity,
        "type_uid": words.ocsf_class_uid * 100 + activity,
        "status_id": status,
        "time": now,
        "metadata": _metadata(tenant, lane, derived_uid("remediation", tenant, effect.key, str(status))),
        "command_uid": effect.key,
        "countermeasures": (Countermeasure(d3f_technique={"uid": technique}),) if technique else (),
        "connection_info": _connection(lane.aim),
        "device": _device(lane),
        "unmapped": Unmapped(stanch=_detail(lane, effect, hold)),
    }
    return Remediation.model_validate(fields)


def _metadata(tenant: str, lane: Lane, uid: str) -> RemediationMetadata:
    profiles = ("host",) if lane.aim.type is EntityType.HOST else None
    return RemediationMetadata(tenant_uid=tenant, uid=uid, profiles=profiles)


def _detail(lane: Lane, effect: Effect, hold: Hold) -> RemediationDetail:
    return RemediationDetail(
        hold=hold.uid,
        control=lane.control,
        target={"type": lane.aim.type.value, "id": lane.aim.id},
        connector=lane.connector,
        direction=effect.direction.value,
        generation=effect.generation,
        command=effect.command or {},
        evidence=effect.evidence,
    )


def _target(aim: Aim, resolved: dict[str, str]) -> dict[str, Any]:
    if aim.type is EntityType.HOST:
        return {"device": {"hostname": aim.id, "device_id": resolved.get("id", "")}}
    if aim.type is EntityType.ADDRESS:
        address = ip_address(aim.id)
        return {f"ipv{address.version}_net": f"{address}/{address.max_prefixlen}"}
    return {f"{_CUSTOM}:{aim.type.value}": {"name": aim.id, "uid": resolved.get("id", "")}}


def _device(lane: Lane) -> dict[str, Any] | None:
    if lane.aim.type is not EntityType.HOST:
        return None
    return {"type_id": 0, "hostname": lane.aim.id, "uid": (lane.resolved or {}).get("id", lane.aim.id)}


def _connection(aim: Aim) -> dict[str, Any] | None:
    if aim.type is not EntityType.ADDRESS:
        return None
    return {"direction_id": 99, "direction": "both", "uid": aim.id}
