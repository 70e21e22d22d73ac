"""Only what an attacker controls is taken, and only where a sensor saw it, not a text that the attacker wrote."""

from typing import Final

from schemas.control import Control
from schemas.entity import AssetClass, Authority, EntityType, Role
from schemas.tenant import Tenant
from services.respond.ports.aims import Aim
from services.respond.ports.guards import Allow, Ask, Facts, Guard, GuardExample, Plan, Refuse, Verdict


class _Role:
    name = "role"
    controls = frozenset(Control)

    @property
    def examples(self) -> tuple[GuardExample, ...]:
        """Each role, and a name that was only parsed from a text."""
        return _EXAMPLES

    def judge(self, plan: Plan, facts: Facts, now: int) -> Verdict:  # noqa: ARG002 the role is all it looks at
        """Return what the role allows."""
        if plan.role in (Role.VICTIM, Role.TARGET, Role.INFRASTRUCTURE):
            return Refuse(f"it is a {plan.role} here, not the attacker's", "evidence that the attacker controls it")
        if plan.role is Role.UNKNOWN:
            return Ask("its part in the incident is unknown", "evidence that the attacker controls it")
        if not plan.observed:
            return Ask("it was named by a text, which an attacker can write", "a field that a sensor observed")
        return Allow("the attacker controls it, by what sensors observed", "evidence of another role")


def _example(role: Role, observed: bool, verdict: str) -> GuardExample:
    aim = Aim(EntityType.ACCOUNT, "CORP\\jane")
    plan = Plan(Control.ACCOUNT_DISABLED, aim, role, "", Authority.ACT, AssetClass.UNKNOWN, observed, 0)
    title = f"{role}, {'observed' if observed else 'only named'}"
    return GuardExample(title, plan, Facts(Tenant(slug="example")), 0, verdict)  # type: ignore[arg-type]


_EXAMPLES = (
    _example(Role.ATTACKER_CONTROLLED, True, "allow"),
    _example(Role.ATTACKER_CONTROLLED, False, "ask"),
    _example(Role.UNKNOWN, True, "ask"),
    _example(Role.VICTIM, True, "refuse"),
    _example(Role.TARGET, True, "refuse"),
    _example(Role.INFRASTRUCTURE, True, "refuse"),
)

GUARD: Final[Guard] = _Role()
