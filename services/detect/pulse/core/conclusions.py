"""What is told of a series, as a finding of the operations kind. Its id follows from what it is about and when it began."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.finding import (
    SEVERITY_ID,
    Analytic,
    Evidence,
    Finding,
    FindingDetail,
    FindingInfo,
    Kind,
    Level,
    Metadata,
    Stage,
    Unmapped,
)
from schemas.identity import derived_uid
from services.detect.pulse.core.series import Series

SILENT: Final = "silent"
SPEAKS: Final = "speaks"
HIGH: Final = "high"
LOW: Final = "low"
FAILING: Final = "failing"
NOISY: Final = "noisy"

TITLES: Final[Mapping[str, str]] = {
    SILENT: "A Source Fell Silent",
    SPEAKS: "A Silent Source Speaks Again",
    HIGH: "A Source Says Far More Than Usual",
    LOW: "A Source Says Far Less Than Usual",
    FAILING: "Far More Records Than Usual Become Dead Letters",
    NOISY: "A Rule Became Noisy",
}
_LEVELS: Final[Mapping[str, Level]] = {
    SILENT: Level.MEDIUM,
    SPEAKS: Level.INFORMATIONAL,
    HIGH: Level.LOW,
    LOW: Level.MEDIUM,
    FAILING: Level.MEDIUM,
    NOISY: Level.LOW,
}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """``start`` is the second or the window that the condition began with; ``time`` is epoch milliseconds."""

    what: str
    start: int
    time: int
    facts: Mapping[str, Any]


def finding_of(tenant: str, series: Series, conclusion: Conclusion) -> Finding:
    """Return the finding that tells ``conclusion`` of ``series``."""
    what, title = conclusion.what, TITLES[conclusion.what]
    uid = derived_uid("pulse", what, tenant, series.service, series.subject, str(conclusion.start))
    level = _LEVELS[what]
    about = {"service": series.service, "rule" if series.is_rule else "source": series.subject}
    detail = FindingDetail(
        kind=Kind.OPERATIONS,
        level=level,
        stage=Stage.OBSERVE,
        event_uid=uid,
        event_kind=f"measures/{what}",
        event_source=series.subject,
        matched=about,
    )
    return Finding(
        severity_id=SEVERITY_ID[level],
        time=conclusion.time,
        metadata=Metadata(tenant_uid=tenant, uid=uid),
        finding_info=FindingInfo(
            uid=uid,
            title=title,
            analytic=Analytic(uid=f"pulse.{what}", name=title, type_id=3),
            first_seen_time=conclusion.time,
        ),
        evidences=(Evidence(data={**about, **conclusion.facts}),),
        unmapped=Unmapped(stanch=detail),
    )
