"""What a group amounts to: score, anchors, authority."""

from dataclasses import dataclass

from schemas.entity import Authority
from schemas.finding import Stage
from schemas.tenant import Thresholds
from services.detect.correlate.core.groups import Group
from services.detect.correlate.core.nodes import HARD_ANCHORS, Observation
from services.detect.correlate.core.score import anchors_of, score_of, weights


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one group."""

    score: int
    rules: dict[str, int]
    anchors: tuple[str, ...]
    tactics: tuple[str, ...]
    authority: Authority
    stage: Stage
    observations: tuple[Observation, ...]


def judge(group: Group, thresholds: Thresholds) -> Verdict:
    """Return what ``group`` amounts to under ``thresholds``."""
    observations = tuple(sorted(group.seen(), key=lambda seen: (seen.time, seen.uid)))
    rules = weights(observations)
    score, anchors = score_of(observations), anchors_of(observations)
    stage = Stage.CONTAIN if any(seen.stage is Stage.CONTAIN for seen in observations) else Stage.ALERT
    authority = _authority(score, bool(anchors & HARD_ANCHORS), thresholds)
    return Verdict(
        score=score,
        rules=dict(sorted(rules.items(), key=lambda rule: (-rule[1], rule[0]))),
        anchors=tuple(sorted(anchors)),
        tactics=tuple(sorted({tactic for seen in observations if seen.weight for tactic in seen.tactics})),
        authority=authority,
        stage=stage,
        observations=observations,
    )


def _authority(score: int, anchored: bool, thresholds: Thresholds) -> Authority:
    if not anchored or score < thresholds.propose:
        return Authority.NONE
    return Authority.ACT if score >= thresholds.act else Authority.PROPOSE
