"""From a match to the finding that is published."""

from typing import Any

from schemas.event import EventHeaders
from schemas.finding import (
    SEVERITY_ID,
    Analytic,
    Attack,
    Evidence,
    Finding,
    FindingDetail,
    FindingInfo,
    Metadata,
    Technique,
    Unmapped,
)
from schemas.identity import derived_uid
from schemas.tactics import TACTICS
from services.detect.match.core.engine import Match
from services.detect.match.core.rule import Rule


def finding_uid(tenant: str, event_uid: str, rule_uid: str) -> str:
    """Return the id of the finding of one rule on one event: a repeat has the same."""
    return derived_uid("finding", tenant, event_uid, rule_uid)


def finding(tenant: str, match: Match, native: dict[str, Any], headers: EventHeaders) -> Finding:
    """Return the finding that ``match`` on the event is; its evidence is the native object as a whole."""
    rule = match.rule
    uid = finding_uid(tenant, headers.uid, rule.uid)
    return Finding(
        severity_id=SEVERITY_ID[rule.level],
        time=headers.time,
        metadata=Metadata(tenant_uid=tenant, uid=uid),
        finding_info=_info(uid, rule, headers),
        evidences=(Evidence(data=native),),
        unmapped=Unmapped(stanch=_detail(match, headers)),
    )


def _info(uid: str, rule: Rule, headers: EventHeaders) -> FindingInfo:
    return FindingInfo(
        uid=uid,
        title=rule.title,
        analytic=Analytic(uid=rule.uid, name=rule.title, version=rule.digest),
        attacks=_attacks(rule),
        first_seen_time=headers.time,
    )


def _attacks(rule: Rule) -> tuple[Attack, ...]:
    tactics = (Attack(tactic=Technique(uid=TACTICS[name], name=name)) for name in rule.tactics)
    techniques = (Attack(technique=Technique(uid=number)) for number in rule.techniques)
    return (*tactics, *techniques)


def _detail(match: Match, headers: EventHeaders) -> FindingDetail:
    rule = match.rule
    return FindingDetail(
        level=rule.level,
        tactics=rule.tactics,
        stage=rule.extension.stage,
        anchor=rule.extension.anchor,
        event_uid=headers.uid,
        event_kind=headers.kind,
        event_source=headers.source,
        matched=dict(match.matched),
    )
