"""An incident as others read it: OCSF Incident Finding 2005, with roles, story and reasons in our own fields."""

from dataclasses import dataclass
from typing import Final

from schemas.entity import Authority, Entity, EntityType, Role
from schemas.finding import Attack, FindingInfo, Metadata, Stage, Technique
from schemas.incident import Group as Assignees
from schemas.incident import Incident, IncidentDetail, Reason, TimelineItem, Unmapped
from schemas.tactics import TACTICS
from services.detect.correlate.core.groups import Group
from services.detect.correlate.core.nodes import Node, Observation, Principal
from services.detect.correlate.core.verdict import Verdict

MOST: Final = 500
_SEVERITY: Final = {Authority.NONE: 3, Authority.PROPOSE: 4, Authority.ACT: 5}


@dataclass(frozen=True, slots=True)
class Frame:
    """What an incident is, whatever is in it."""

    uid: str
    tenant: str
    queue: str
    version: int
    now: int
    status: int = 1
    merged: tuple[str, ...] = ()


def build(frame: Frame, group: Group, verdict: Verdict, entities: tuple[Entity, ...]) -> Incident:
    """Return the incident that ``group`` is, as of ``frame``."""
    times = [seen.time for seen in verdict.observations] or [frame.now]
    return Incident(
        activity_id=1 if frame.version == 1 else 2,
        type_uid=200501 if frame.version == 1 else 200502,
        severity_id=_SEVERITY[_reach(verdict)],
        confidence_score=min(100, verdict.score),
        status_id=frame.status,
        time=frame.now,
        start_time=min(times),
        end_time=max(times),
        assignee_group=Assignees(name=frame.queue),
        metadata=Metadata(tenant_uid=frame.tenant, uid=frame.uid),
        finding_info_list=tuple(_info(seen) for seen in verdict.observations[:MOST]),
        attacks=_attacks(verdict.tactics),
        desc=_description(verdict, entities),
        unmapped=Unmapped(stanch=_detail(frame, group, verdict, entities)),
    )


def _detail(frame: Frame, group: Group, verdict: Verdict, entities: tuple[Entity, ...]) -> IncidentDetail:
    return IncidentDetail(
        version=frame.version,
        authority=_reach(verdict),
        score=verdict.score,
        anchors=verdict.anchors,
        tactics=verdict.tactics,
        stage=verdict.stage,
        rules=verdict.rules,
        entities=entities,
        timeline=_timeline(group),
        reasons=tuple(
            Reason(edge=edge.rule, left=edge.left, right=edge.right, why=edge.why)
            for edge in sorted(group.edges, key=lambda edge: (edge.rule, edge.left, edge.right))[:MOST]
        ),
        advice=_advice(entities),
        newest_evidence=max((seen.time for seen in verdict.observations), default=frame.now),
        merged=frame.merged,
    )


def _reach(verdict: Verdict) -> Authority:
    """A rule of stage `contain` acts by itself, whatever the score; on whom, the entities say."""
    return Authority.ACT if verdict.stage is Stage.CONTAIN else verdict.authority


def alias_of(incident: Incident, into: str, now: int) -> Incident:
    """Return ``incident`` as the alias of the older one ``into``."""
    detail = incident.detail.model_copy(update={"merged_into": into, "version": incident.detail.version + 1})
    update = {"activity_id": 3, "type_uid": 200503, "status_id": 5, "time": now}
    return incident.model_copy(update={**update, "unmapped": Unmapped(stanch=detail)})


def _attacks(tactics: tuple[str, ...]) -> tuple[Attack, ...]:
    known = (name for name in tactics if name in TACTICS)
    return tuple(Attack(tactic=Technique(uid=TACTICS[name], name=name)) for name in known)


def _info(seen: Observation) -> FindingInfo:
    return FindingInfo(uid=seen.uid, title=seen.rule, first_seen_time=seen.time)


def _timeline(group: Group) -> tuple[TimelineItem, ...]:
    items = [
        TimelineItem(time=seen.time, title=seen.why, entity=_place(group.nodes[node]), uid=seen.uid)
        for node, observations in group.observations.items()
        for seen in observations
        if seen.weight or seen.anchor
    ]
    return tuple(sorted(items, key=lambda item: (item.time, item.uid))[:MOST])


def _place(node: Node) -> str:
    if isinstance(node, Principal):
        return node.account or node.workstation or node.address
    return node.host


def _description(verdict: Verdict, entities: tuple[Entity, ...]) -> str:
    held = [entity.id for entity in entities if entity.role is Role.ATTACKER_CONTROLLED]
    because = ", ".join(list(verdict.rules)[:3])
    return f"An attacker controls {', '.join(held[:6]) or 'something that cannot be named'}: {because}"


def _advice(entities: tuple[Entity, ...]) -> tuple[str, ...]:
    """Say what only a human can do or know."""
    advice = []
    for entity in entities:
        if entity.role is Role.VICTIM and entity.type is EntityType.ACCOUNT:
            advice.append(f"{entity.id}: reset the password; {entity.why}")
        elif entity.role is Role.UNKNOWN:
            advice.append(f"{entity.id}: ask its owner; whether owner or thief holds a valid token, no rule can know")
        elif entity.type is EntityType.ADDRESS and entity.authority is Authority.PROPOSE:
            advice.append(
                f"{entity.id}: an unmanaged machine of your own, or the attacker's? The inventory does not say"
            )
    return tuple(advice)
