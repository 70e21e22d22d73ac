"""How the tests of correlation rules say a finding and a rule in a few words."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.finding import Analytic, Evidence, Finding, FindingDetail, FindingInfo, Level, Metadata, Stage, Unmapped
from services.detect.correlate.sigma_correlation.correlator import Correlator
from services.detect.correlate.sigma_correlation.rule import Correlation, Operator

COUNTED = "base"
T0 = 1_700_000_100_000


def found(seconds: float, event: str, data: Mapping[str, Any], rule: str = COUNTED) -> Finding:
    """A finding of ``rule`` on the event, so many seconds after T0."""
    return Finding(
        severity_id=1,
        time=T0 + round(seconds * 1000),
        metadata=Metadata(tenant_uid="acme", uid=event),
        finding_info=FindingInfo(uid=f"f-{event}-{rule}", title=rule, analytic=Analytic(uid=rule, name=rule)),
        evidences=(Evidence(data=dict(data)),),
        unmapped=Unmapped(
            stanch=FindingDetail(
                level=Level.INFORMATIONAL,
                stage=Stage.OBSERVE,
                event_uid=event,
                event_kind="sshd/failed",
                event_source="sshd",
            )
        ),
    )


def counting(*conditions: tuple[Operator, float], seconds: int = 300, **changes: Any) -> Correlation:
    """An event_count rule grouped by src_ip."""
    given: dict[str, Any] = {
        "uid": "c-1",
        "title": "Guessing",
        "kind": "event_count",
        "rules": frozenset({COUNTED}),
        "group_by": ("src_ip",),
        "timespan": seconds * 1000,
        "conditions": conditions,
        "level": Level.HIGH,
        "stage": Stage.CONTAIN,
        **changes,
    }
    return Correlation(**given)


def told(rules: Iterable[Correlation], findings: Iterable[Finding]) -> dict[str, Finding]:
    """What stands at the end, by uid: a conclusion that is published again replaces the earlier one."""
    correlator = Correlator("acme", rules)
    now = 0
    final: dict[str, Finding] = {}
    for finding in findings:
        now = max(now, finding.time)
        final.update((conclusion.finding_info.uid, conclusion) for conclusion in correlator.observe(finding, now))
    return final
