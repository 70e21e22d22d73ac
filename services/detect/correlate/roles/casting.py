"""The cast of a group: one part per entity, gathered from reasons; the gravest role wins, and safety wins over all."""

from dataclasses import dataclass, field
from typing import Final

from schemas.entity import AssetClass, Authority, EntityType, Role

_GRAVEST: Final = (Role.ATTACKER_CONTROLLED, Role.VICTIM, Role.TARGET, Role.UNKNOWN, Role.INFRASTRUCTURE)
MOST_REASONS: Final = 6


@dataclass(slots=True)
class Part:
    """What is said of one entity. ``cap`` bounds its authority, ``absence`` says what the role rests on not knowing."""

    type: EntityType
    name: str
    reasons: dict[Role, set[str]] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    cap: Authority = Authority.ACT
    absence: bool = False
    asset_class: AssetClass = AssetClass.UNKNOWN
    forced: tuple[Role, str] | None = None
    caveats: set[str] = field(default_factory=set)

    @property
    def role(self) -> Role:
        """The gravest role that was given, unless one is forced."""
        if self.forced is not None:
            return self.forced[0]
        return next(role for role in _GRAVEST if role in self.reasons)

    @property
    def why(self) -> str:
        """The reasons of the role, in words."""
        if self.forced is not None:
            return self.forced[1]
        told = sorted(self.reasons[self.role])
        more = f" and {len(told) - MOST_REASONS} more" if len(told) > MOST_REASONS else ""
        return "; ".join([*told[:MOST_REASONS], *sorted(self.caveats)]) + more


@dataclass(slots=True)
class Casting:
    """All parts of one group."""

    parts: dict[tuple[EntityType, str], Part] = field(default_factory=dict)

    def give(self, kind: EntityType, name: str, role: Role, why: str, time: int, *, last: int | None = None) -> Part:
        """Give the entity ``name`` a role for the reason ``why``, seen at ``time``."""
        part = self.parts.get((kind, name))
        if part is None:
            part = self.parts[kind, name] = Part(kind, name, first=time, last=time)
        part.reasons.setdefault(role, set()).add(why)
        part.first = min(part.first, time)
        part.last = max(part.last, last if last is not None else time)
        return part

    def named(self, kind: EntityType, role: Role) -> list[str]:
        """Return the entities of a kind that have a role."""
        return sorted(part.name for part in self.parts.values() if part.type is kind and part.role is role)
