"""What a guard promises: it judges a plan, purely."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from schemas.control import Control
from schemas.entity import AssetClass, Authority, Role
from schemas.tenant import Tenant
from services.respond.ports.aims import Aim


@dataclass(frozen=True, slots=True)
class Plan:
    """A control that is about to be applied. ``evidence_at`` is event time of the newest evidence about the aim."""

    control: Control
    aim: Aim
    role: Role
    why: str
    authority: Authority
    asset_class: AssetClass
    observed: bool
    evidence_at: int
    has_undo: bool = True


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a connector found under an aim's names."""

    fate: Literal["resolved", "ambiguous", "absent"]
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the tenant.

    Attributes:
        tenant: its configuration.
        classes: class of every host and account that events told about, by canonical id.
        own_addresses: address -> the own host or infrastructure that has it, as incidents told.
        resolution: None until a connector has looked.
    """

    tenant: Tenant
    classes: Mapping[str, AssetClass] = field(default_factory=dict)
    own_addresses: Mapping[str, str] = field(default_factory=dict)
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True)
class Allow:
    """Nothing speaks against it; ``fact`` is what was looked at."""

    fact: str
    would_change: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A human must decide."""

    fact: str
    would_change: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Never, whoever asks."""

    fact: str
    would_change: str


Verdict = Allow | Ask | Refuse


@dataclass(frozen=True, slots=True)
class GuardExample:
    """One case that a guard shows, and how it judges it."""

    title: str
    plan: Plan
    facts: Facts
    now: int
    verdict: Literal["allow", "ask", "refuse"]


@runtime_checkable
class Guard(Protocol):
    """Judges a plan twice: when it is made, and just before the intent."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def controls(self) -> frozenset[Control]:
        """The controls whose playbooks may not leave it out."""
        ...

    @property
    def examples(self) -> tuple[GuardExample, ...]:
        """Cases with their verdicts, run by the contract suite."""
        ...

    def judge(self, plan: Plan, facts: Facts, now: int) -> Verdict:
        """Return the verdict, with the fact and what would change the answer. Total and pure."""
        ...
