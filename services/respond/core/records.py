"""What the ledger keeps of respond: holds, lanes with their effect, what is known of entities, modes."""

from enum import StrEnum
from typing import Any

import msgspec

from schemas.control import Control
from schemas.entity import AssetClass, Authority, EntityType, Role
from schemas.hold import HoldState
from schemas.mode import Mode
from services.respond.ports.aims import Aim


class Direction(StrEnum):
    """Which way an effect goes."""

    APPLY = "apply"
    RELEASE = "release"


class Phase(StrEnum):
    """Where an effect stands. Those after VERIFYING are ends."""

    RECONCILING = "reconciling"
    DISPATCHED = "dispatched"
    OUTCOME_UNKNOWN = "outcome_unknown"
    WAITING = "waiting"
    ACKED = "acked"
    VERIFYING = "verifying"
    EFFECTIVE = "effective"
    EFFECTIVE_FOREIGN = "effective_foreign"
    INEFFECTIVE = "ineffective"
    RELEASED = "released"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    MANUAL = "manual"


OPEN = frozenset(
    {Phase.RECONCILING, Phase.DISPATCHED, Phase.OUTCOME_UNKNOWN, Phase.WAITING, Phase.ACKED, Phase.VERIFYING}
)
UNDECIDED = frozenset({HoldState.OBSERVED, HoldState.AWAITING_APPROVAL})
LEASED = frozenset({HoldState.PENDING, HoldState.ACTIVE, HoldState.VERIFIED, HoldState.INEFFECTIVE})


class Subject(msgspec.Struct, frozen=True):
    """What the incident says about the target."""

    role: Role
    why: str
    authority: Authority
    asset_class: AssetClass
    observed: bool
    evidence_at: int
    aliases: tuple[str, ...] = ()


class Judgement(msgspec.Struct, frozen=True):
    """What one guard said."""

    guard: str
    verdict: str
    fact: str
    would_change: str


class Hold(msgspec.Struct, frozen=True):
    """One lease. ``ttl`` is in milliseconds; ``approved`` names what a human waved through; ``tried`` connectors failed."""

    uid: str
    control: Control
    target_type: EntityType
    target_id: str
    incident: str
    playbook: str
    clause: str
    always_ask: bool
    ttl: int
    subject: Subject
    created_at: int
    state: HoldState
    rules: tuple[str, ...] = ()
    reason: str = ""
    decided_by: str | None = None
    guards: tuple[Judgement, ...] = ()
    approved: tuple[str, ...] | None = None
    approved_by: str | None = None
    tried: tuple[tuple[str, str], ...] = ()
    lane: str | None = None
    connector: str | None = None
    suppressed_count: int = 0
    expires_at: int | None = None
    applied_at: int | None = None
    verified_at: int | None = None
    released_at: int | None = None
    command_uid: str | None = None
    ended_by: str | None = None

    @property
    def aim(self) -> Aim:
        """What it is to take."""
        return Aim(self.target_type, self.target_id, self.subject.aliases)

    @property
    def decided_by_human(self) -> bool:
        """Whether a human has spoken the last word on it."""
        spoken = self.ended_by or self.decided_by or ""
        return spoken.startswith("human:")


class Effect(msgspec.Struct, frozen=True):
    """One APPLY or RELEASE of one generation of a lane.

    Attributes:
        attempt: how many intents were written.
        sent: some attempt may have reached the product.
        unsure: the last attempt may have, and reads may still miss it.
        due: when it wants a tick.
        seq: number of the action that is awaited; an answer to another one is stale.
        window: evidence is gathered from here on.
        until: when the product was told to end it by itself.
        cause: why a release happens: ``expiry`` or ``human:<id>``.
    """

    key: str
    generation: int
    direction: Direction
    phase: Phase
    started_at: int
    seq: int
    cause: str = ""
    attempt: int = 0
    failures: int = 0
    sent: bool = False
    unsure: bool = False
    foreign: bool = False
    due: int | None = None
    first_intent_at: int | None = None
    intent_at: int | None = None
    dispatch_deadline: int | None = None
    accepted_at: int | None = None
    applied_at: int | None = None
    verified_at: int | None = None
    window: int | None = None
    until: int | None = None
    handle: str | None = None
    why: str = ""
    command: dict[str, Any] | None = None
    evidence: dict[str, Any] = {}

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self.phase in OPEN


class Lane(msgspec.Struct, frozen=True):
    """Tenant, connector, control and target: one effect in flight.

    Attributes:
        holds: active leases; the lane is wanted while there is one.
        ending: leases that end when the release is done.
        held: we believe that the control is in place.
        ours: we put it there.
        manual: a human owns it; nothing is sent.
    """

    key: str
    connector: str
    control: Control
    aim: Aim
    generation: int = 0
    holds: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()
    held: bool = False
    ours: bool = False
    manual: bool = False
    resolved: dict[str, str] | None = None
    pre_image: dict[str, Any] | None = None
    effect: Effect | None = None


class Known(msgspec.Struct, frozen=True):
    """What incidents told about an entity that guards must know."""

    id: str
    type: EntityType
    asset_class: AssetClass
    infrastructure: bool
    addresses: tuple[str, ...] = ()


class ModeRecord(msgspec.Struct, frozen=True):
    """The newest mode of one scope; None means "all"."""

    scope: str
    mode: Mode
    by: str
    reason: str
    at: int
    connector: str | None = None
    control: str | None = None
    rule: str | None = None
    log_key: str = ""
