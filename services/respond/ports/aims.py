"""What a control is to take, and what a product is like for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.control import Control
from schemas.entity import EntityType


@dataclass(frozen=True, slots=True)
class Aim:
    """What a control is to take: canonical id, and every other name it is known under."""

    type: EntityType
    id: str
    aliases: tuple[str, ...] = ()


class ControlKind(StrEnum):
    """A level is a state that can be read; an edge is an event, known by the watermark that it leaves."""

    LEVEL = "level"
    EDGE = "edge"


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """What a product is like for one control. Times are milliseconds.

    Attributes:
        kind: an edge cannot be released.
        native_ttl: the product itself ends the control at a given instant.
        read_lag: how long reads may miss a call that was accepted.
        effect_lag: how long evidence may contradict a control that is in place.
        pending_limit: how long an accepted order may stay unfinished before a human must look.
        rights: what the credentials must be allowed.
    """

    kind: ControlKind = ControlKind.LEVEL
    native_ttl: bool = False
    read_lag: int = 0
    effect_lag: int = 120_000
    pending_limit: int = 900_000
    rights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enforcer:
    """A connector instance of one tenant, as the pure part sees it.

    ``refuses`` returns why the product does not take an aim, or an empty text.
    """

    name: str
    kind: str
    specs: Mapping[Control, ControlSpec]
    refuses: Callable[[Control, Aim], str]
