"""The finding that a correlation rule publishes."""

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
from schemas.identity import compose, derived_uid
from schemas.tactics import TACTICS
from services.detect.correlate.sigma_correlation.rule import Correlation
from services.detect.correlate.sigma_correlation.window import Met


def conclusion(tenant: str, rule: Correlation, group: tuple[str, ...], episode: int, met: Met) -> Finding:
    """Return the conclusion on one group; its id follows from rule, group and ``episode``.

    ``matched`` names the fields that the rule groups by with the group's values, and nothing else: they say whom a rule of
    stage `contain` may contain. The first evidence is the event that completed the window, the second the window.
    """
    uid = derived_uid("correlation", tenant, rule.uid, compose(*group), str(episode))
    window = {"count": met.count, "first": met.start.time, "last": met.end.time, "timespan": rule.timespan}
    return Finding(
        severity_id=SEVERITY_ID[rule.level],
        time=met.end.time,
        metadata=Metadata(tenant_uid=tenant, uid=uid),
        finding_info=_info(uid, rule, met),
        evidences=(Evidence(data=dict(met.end.data)), Evidence(data=window)),
        unmapped=Unmapped(stanch=_detail(rule, met)),
    )


def _info(uid: str, rule: Correlation, met: Met) -> FindingInfo:
    tactics = (Attack(tactic=Technique(uid=TACTICS[name], name=name)) for name in rule.tactics)
    techniques = (Attack(technique=Technique(uid=number)) for number in rule.techniques)
    return FindingInfo(
        uid=uid,
        title=rule.title,
        analytic=Analytic(uid=rule.uid, name=rule.title, version=rule.digest or None),
        attacks=(*tactics, *techniques),
        first_seen_time=met.start.time,
    )


def _detail(rule: Correlation, met: Met) -> FindingDetail:
    return FindingDetail(
        level=rule.level,
        tactics=rule.tactics,
        stage=rule.stage,
        anchor=rule.anchor,
        event_uid=met.end.event,
        event_kind=met.end.kind,
        event_source=met.end.source,
        matched=dict(zip(rule.group_by, met.end.group, strict=True)),
    )
