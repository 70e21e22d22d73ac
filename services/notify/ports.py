"""What notify tells, and what a channel promises.

A view holds values exactly as they were observed: hostile text among them. What a human reads goes through
``services.notify.plain``; only a machine gets the raw values.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TextIO, runtime_checkable

import httpx
from pydantic import BaseModel

from runtime.errors import Unavailable
from schemas.control import Control
from schemas.entity import EntityType, Role
from schemas.hold import HoldState
from schemas.notification import Cause
from schemas.tenant import Contact


@dataclass(frozen=True, slots=True)
class Party:
    """One entity of the incident: what it is, and why we think so."""

    type: EntityType
    id: str
    role: Role
    why: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One hold as people are told of it. ``until`` is epoch milliseconds."""

    uid: str
    control: Control
    type: EntityType
    id: str
    state: HoldState
    reason: str
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the story; ``time`` is event time in epoch milliseconds."""

    time: int
    title: str
    entity: str


@dataclass(frozen=True, slots=True)
class View:
    """All that a message says. ``sequence`` 0 opens the message, later ones update it; ``change`` says why it is sent."""

    tenant: str
    incident: str
    sequence: int
    cause: Cause
    change: str
    severity: int
    story: str
    started: int | None
    at: int
    moments: tuple[Moment, ...] = ()
    parties: tuple[Party, ...] = ()
    measures: tuple[Measure, ...] = ()
    spared: tuple[Party, ...] = ()
    advice: tuple[str, ...] = ()
    acknowledged_by: str | None = None
    merged_into: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """A rendered message as the outbox keeps it: every attempt sends these characters."""

    title: str
    content: str
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What goes with a body. ``uid`` is the idempotency key: the same on every attempt; ``now`` is epoch milliseconds."""

    uid: str
    tenant: str
    incident: str
    sequence: int
    cause: Cause
    now: int


@dataclass(frozen=True, slots=True)
class Outside:
    """What a channel may use of the world. ``resolve`` returns the addresses of a host name."""

    http: httpx.AsyncClient
    streams: Mapping[str, TextIO]
    resolve: "Resolver"


class Resolver(Protocol):
    """Looks up a host name."""

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses of ``host``.

        Raises:
            Unavailable: no answer.
        """
        ...


class RetryLater(Unavailable):
    """The provider asks for patience: not before ``wait`` milliseconds."""

    def __init__(self, text: str, wait: int) -> None:
        super().__init__(text)
        self.wait = wait


class Sender(Protocol):
    """A channel at work."""

    async def send(self, body: Body, envelope: Envelope, contact: Contact) -> str:
        """Hand the message over once and return what the provider said; never retry: the outbox does.

        Raises:
            Unavailable: trying again may help.
            Rejected: the provider refuses this message or this contact.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChannelExample:
    """A view, and what its rendering must say and must not say."""

    title: str
    view: View
    says: tuple[str, ...]
    never_says: tuple[str, ...] = field(default=())


@runtime_checkable
class Demanding(Protocol):
    """Options that are valid by themselves, but do not suffice once a contact uses the channel."""

    def lacks(self) -> str:
        """Return what must be set before the channel can tell anybody, or an empty text. Pure."""
        ...


@runtime_checkable
class Channel(Protocol):
    """A way to tell a human. One file each; the file's name is the channel's."""

    @property
    def name(self) -> str:
        """The file's name: what a contact calls the channel."""
        ...

    @property
    def options(self) -> type[BaseModel]:
        """The model of its section of the configuration."""
        ...

    @property
    def examples(self) -> tuple[ChannelExample, ...]:
        """Views and what they must look like, run by the contract suite."""
        ...

    def refuses(self, contact: Contact) -> str:
        """Return what is wrong with the contact's settings, or an empty text. Pure."""
        ...

    def render(self, view: View) -> Body:
        """Return the message. Pure, total, bounded in length."""
        ...

    def open(self, options: BaseModel, outside: Outside) -> Sender:
        """Return the channel at work; ``options`` is an instance of the channel's own model."""
        ...


Renderers = Mapping[str, Callable[[View], Body]]
"""What the pure core knows of the channels: how each renders."""
