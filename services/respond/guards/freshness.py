"""Old evidence needs a human: a replayed offset or a delayed call must not contain what was cleaned long ago."""

from typing import Final

from schemas.control import Control
from schemas.entity import AssetClass, Authority, EntityType, Role
from schemas.tenant import Tenant
from schemas.times import HOUR, MINUTE, to_text
from services.respond.ports.aims import Aim
from services.respond.ports.guards import Allow, Ask, Facts, Guard, GuardExample, Plan, Verdict


class _Freshness:
    name = "freshness"
    controls = frozenset(Control)

    @property
    def examples(self) -> tuple[GuardExample, ...]:
        """Evidence of a minute ago, of an hour ago, and of a clock that runs ahead."""
        return _EXAMPLES

    def judge(self, plan: Plan, facts: Facts, now: int) -> Verdict:
        """Return whether the newest evidence about the aim is young enough. The fact names no age, so it stays the same."""
        limit = facts.tenant.freshness_minutes
        if now - plan.evidence_at > limit * MINUTE:
            told = f"the newest evidence is of {to_text(plan.evidence_at)}, more than {limit} minutes ago"
            return Ask(told, "newer evidence, or a longer freshness_minutes")
        return Allow(f"the newest evidence is no older than {limit} minutes", "time")


def _example(title: str, evidence_at: int, verdict: str) -> GuardExample:
    aim = Aim(EntityType.HOST, "WKS01")
    plan = Plan(
        Control.NETWORK_ISOLATION,
        aim,
        Role.ATTACKER_CONTROLLED,
        "",
        Authority.ACT,
        AssetClass.UNKNOWN,
        True,
        evidence_at,
    )
    return GuardExample(title, plan, Facts(Tenant(slug="example")), _NOW, verdict)  # type: ignore[arg-type]


_NOW = 1_700_000_000_000
_EXAMPLES = (
    _example("a minute ago", _NOW - MINUTE, "allow"),
    _example("an hour ago", _NOW - HOUR, "ask"),
    _example("a clock that runs ahead", _NOW + MINUTE, "allow"),
)

GUARD: Final[Guard] = _Freshness()
