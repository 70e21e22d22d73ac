"""What a connector promises: it speaks to one product, and never retries by itself: the effect's state machine does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import httpx

from runtime.errors import ServiceError, Unavailable
from schemas.command import Command
from schemas.control import Control
from schemas.tenant import ConnectorConfig
from services.respond.ports.aims import Aim, ControlSpec


class NotSent(Unavailable):
    """The call never reached the product: trying again is safe."""


class OutcomeUnknown(Unavailable):
    """The call may have reached the product; only the product's state can tell."""


class CredentialsRefused(ServiceError):
    """The product does not let us: only its administrator can help."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Exactly one object of the product. ``id`` is the product's own id."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several objects answer to the names."""

    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """The product knows none."""

    why: str


@dataclass(frozen=True, slots=True)
class Pending:
    """An order that the product has accepted and not finished."""

    handle: str
    direction: Literal["apply", "release"]
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """The product's state of one control on one target.

    Attributes:
        applied: the control is in place.
        owner: the comment or id under which it was ordered, where the product keeps one.
        until: when the product ends it by itself, epoch milliseconds.
        pending: an order under way.
        pre_image: what must be restored on release: only what we change.
    """

    applied: bool
    owner: str | None = None
    until: int | None = None
    pending: Pending | None = None
    pre_image: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """One effect as it is sent. ``since`` is when its first intent was written; ``until`` when the product may end it."""

    command: Command
    control: Control
    resolved: Resolved
    since: int
    until: int

    @property
    def key(self) -> str:
        """The effect key, stamped into every field that the product allows."""
        return self.command.command_id


@dataclass(frozen=True, slots=True)
class Accepted:
    """The product took the order; with a handle it must be asked when it is done."""

    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The product did not take the order, and nothing changed. ``retry_after`` is in milliseconds."""

    kind: Literal["permanent", "later", "conflict"]
    why: str
    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an accepted order has come."""

    status: Literal["pending", "succeeded", "failed", "unknown"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What another endpoint than the one written says about a control that is said to be in place."""

    verdict: Literal["holds", "contradicts", "inconclusive"]
    source: str
    counts: Mapping[str, int] = field(default_factory=dict)


class Session(Protocol):
    """One connector instance at work. Every method raises NotSent or OutcomeUnknown where no answer came."""

    async def resolve(self, aim: Aim) -> Resolved | Ambiguous | Absent:
        """Return the one object that answers to the aim's names, or what stands in the way."""
        ...

    async def observe(self, resolved: Resolved, control: Control, since: int) -> Observed:
        """Return the product's state; an edge is applied where its watermark is at or after ``since``."""
        ...

    async def apply(self, order: Order) -> Accepted | Refused:
        """Order the control."""
        ...

    async def poll(self, control: Control, handle: str) -> Progress:
        """Return how far an accepted order has come."""
        ...

    async def release(self, order: Order, pre_image: Mapping[str, Any]) -> Accepted | Refused:
        """Order the end of the control, restoring ``pre_image``."""
        ...

    async def verify(self, resolved: Resolved, control: Control, since: int) -> Evidence:
        """Return independent evidence gathered after ``since``."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectorExample:
    """One aim, and whether the product takes it."""

    title: str
    control: Control
    aim: Aim
    taken: bool


@runtime_checkable
class Connector(Protocol):
    """Speaks to one product."""

    @property
    def name(self) -> str:
        """The file's name: the ``kind`` of a tenant's connector."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that its configuration must give."""
        ...

    @property
    def specs(self) -> Mapping[Control, ControlSpec]:
        """The controls that the product offers, and what it is like for each."""
        ...

    @property
    def examples(self) -> tuple[ConnectorExample, ...]:
        """Aims that it takes and aims that it refuses."""
        ...

    def problems(self, config: ConnectorConfig) -> tuple[str, ...]:
        """Return what is wrong with a configuration, apart from secrets that are missing."""
        ...

    def refuses(self, control: Control, aim: Aim) -> str:
        """Return why the product does not take ``aim``, or an empty text. Pure."""
        ...

    def open(self, config: ConnectorConfig, client: httpx.AsyncClient, clock: Callable[[], int]) -> Session:
        """Return the instance that ``config`` describes; ``client`` has a time-out, ``clock`` tells milliseconds."""
        ...
