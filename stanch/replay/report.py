"""Puts together what a replay concluded and did. Pure: the same inputs give the same bytes."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel

from schemas.control import VOCABULARY
from schemas.entity import Entity
from schemas.finding import Finding
from schemas.hold import Hold, HoldState
from schemas.incident import Incident
from schemas.notification import Notification
from schemas.remediation import Remediation
from schemas.replay import (
    EventCounts,
    ReplayReport,
    ReportedEntity,
    ReportedHold,
    ReportedIncident,
    ReportedMoment,
    Spared,
)
from schemas.times import text_or_none, to_text

ModelT = TypeVar("ModelT", Remediation, Notification)
CONTROLLABLE = frozenset(vocabulary.target for vocabulary in VOCABULARY.values())


@dataclass(frozen=True, slots=True)
class Conclusions:
    """The last state of everything that a replay published."""

    findings: Sequence[Finding]
    incidents: Sequence[Incident]
    holds: Sequence[Hold]
    remediations: Sequence[Remediation]
    notifications: Sequence[Notification]


def report(events: EventCounts, conclusions: Conclusions, seconds: float) -> ReplayReport:
    """Return the report. An incident that became an alias of an older one is told by the older one alone."""
    incidents = sorted(_standing(conclusions.incidents), key=lambda incident: (incident.start_time, incident.uid))
    holds = sorted(conclusions.holds, key=lambda hold: (hold.created_at, hold.uid))
    titles = Counter(finding.finding_info.title for finding in conclusions.findings)
    return ReplayReport(
        events=events,
        findings=len(conclusions.findings),
        findings_by_rule=dict(sorted(titles.items())),
        incidents=tuple(_incident(incident) for incident in incidents),
        holds=tuple(_hold(hold) for hold in holds),
        spared=tuple(_spared(incidents, holds)),
        remediations=_dumped(_in_order(conclusions.remediations, _remediation_order)),
        notifications=_dumped(_in_order(conclusions.notifications, _notification_order)),
        seconds=round(seconds, 3),
    )


def encode(report: ReplayReport) -> bytes:
    """Return the report as indented JSON with sorted keys."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(report.model_dump(mode="json"), option=options)


def _standing(incidents: Iterable[Incident]) -> list[Incident]:
    return [incident for incident in incidents if incident.detail.merged_into is None]


def _incident(incident: Incident) -> ReportedIncident:
    detail = incident.detail
    entities = sorted(detail.entities, key=lambda entity: (entity.since, entity.type, entity.id))
    moments = sorted(detail.timeline, key=lambda item: (item.time, item.uid, item.title))
    return ReportedIncident(
        ocsf=incident.model_dump(mode="json", exclude_none=True),
        entities=tuple(_entity(entity) for entity in entities),
        timeline=tuple(
            ReportedMoment(time=to_text(item.time), title=item.title, entity=item.entity, uid=item.uid)
            for item in moments
        ),
    )


def _entity(entity: Entity) -> ReportedEntity:
    return ReportedEntity.model_validate(entity.model_dump(include=set(ReportedEntity.model_fields)))


def _hold(hold: Hold) -> ReportedHold:
    times = ("applied_at", "verified_at", "expires_at", "released_at")
    kept = hold.model_dump(include=set(ReportedHold.model_fields) - set(times))
    return ReportedHold.model_validate(kept | {name: text_or_none(getattr(hold, name)) for name in times})


def _spared(incidents: Iterable[Incident], holds: Iterable[Hold]) -> list[Spared]:
    held = {(hold.target.type, hold.target.id) for hold in holds if hold.state is not HoldState.DENIED}
    first: dict[tuple[str, str], Entity] = {}
    for entity in sorted((e for i in incidents for e in i.detail.entities), key=lambda e: (e.since, e.id)):
        if entity.type in CONTROLLABLE and (entity.type, entity.id) not in held:
            first.setdefault((entity.type, entity.id), entity)
    refused = {(hold.target.type, hold.target.id): hold.reason for hold in holds if hold.state is HoldState.DENIED}
    return [
        Spared(type=entity.type, id=entity.id, why=refused.get((entity.type, entity.id), entity.why))
        for entity in first.values()
    ]


def _in_order(models: Iterable[ModelT], order: Callable[[ModelT], tuple[int, str, str]]) -> list[ModelT]:
    return sorted(models, key=order)


def _remediation_order(one: Remediation) -> tuple[int, str, str]:
    return one.time, one.command_uid, one.metadata.uid or ""


def _notification_order(one: Notification) -> tuple[int, str, str]:
    return one.at, one.uid, one.state


def _dumped(models: Iterable[BaseModel]) -> tuple[dict[str, Any], ...]:
    return tuple(model.model_dump(mode="json", exclude_none=True) for model in models)
