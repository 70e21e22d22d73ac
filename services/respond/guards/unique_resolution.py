"""Exactly one object of the product, or nothing is sent."""

from typing import Final

from schemas.control import Control
from schemas.entity import AssetClass, Authority, EntityType, Role
from schemas.tenant import Tenant
from services.respond.ports.aims import Aim
from services.respond.ports.guards import Allow, Facts, Guard, GuardExample, Plan, Refuse, Resolution, Verdict


class _UniqueResolution:
    name = "unique_resolution"
    controls = frozenset(Control) - {Control.IP_BLOCK}

    @property
    def examples(self) -> tuple[GuardExample, ...]:
        """One object, two, none, and before anybody looked."""
        return _EXAMPLES

    def judge(self, plan: Plan, facts: Facts, now: int) -> Verdict:  # noqa: ARG002 nothing here depends on time
        """Return how many objects of the product answer to the aim's names."""
        found = facts.resolution
        if found is None:
            return Allow("the product is asked before anything is sent")
        if found.fate == "ambiguous":
            told = ", ".join(found.candidates)
            return Refuse(
                f"{len(found.candidates)} objects answer to {plan.aim.id}: {told}", "one object under this name"
            )
        if found.fate == "absent":
            return Refuse(f"the product knows no {plan.aim.id}", "its enrolment")
        return Allow("exactly one object of the product answers to it")


def _example(title: str, resolution: Resolution | None, verdict: str) -> GuardExample:
    aim = Aim(EntityType.HOST, "WKS01")
    plan = Plan(
        Control.NETWORK_ISOLATION, aim, Role.ATTACKER_CONTROLLED, "", Authority.ACT, AssetClass.UNKNOWN, True, 0
    )
    return GuardExample(title, plan, Facts(Tenant(slug="example"), resolution=resolution), 0, verdict)  # type: ignore[arg-type]


_EXAMPLES = (
    _example("nobody looked yet", None, "allow"),
    _example("one machine", Resolution("resolved", ("a1",)), "allow"),
    _example("two machines of one name", Resolution("ambiguous", ("a1", "b2")), "refuse"),
    _example("no machine", Resolution("absent"), "refuse"),
)

GUARD: Final[Guard] = _UniqueResolution()
