"""What a ledger service is: a pure state machine per tenant, which the runner in ``runtime/ledger.py`` drives.

The runner calls ``decide`` with one input, folds the entries that come back into the state, commits entries, outputs and
offsets in one transaction, and only then starts the actions. What an action brings home is an input again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from runtime.log import Message, Received


@dataclass(frozen=True, slots=True)
class Tick:
    """A deadline of the state has passed, or the owner has just taken over (``resumed``)."""

    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action brought home. ``action`` is the id of the action."""

    action: str
    data: Mapping[str, Any]


Given = Received | Tick | Outcome


@dataclass(frozen=True, slots=True)
class Entry:
    """One transition, as it stands in the ledger. ``data`` is JSON; ``key`` names the sub-state (a lane, an incident)."""

    kind: str
    key: str
    data: Mapping[str, Any]
    version: int = 1


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do in the world after the commit. ``uid`` is unique among the open ones of a tenant."""

    uid: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What a decision leads to: transitions first, then messages, then deeds."""

    entries: Sequence[Entry] = ()
    outputs: Sequence[Message] = ()
    actions: Sequence[Action] = field(default=())


State = TypeVar("State")


class Machine(Protocol[State]):
    """A service's decisions. Nothing here reads a clock, a file or a socket; ``now`` is epoch milliseconds."""

    def fresh(self, tenant: str) -> State:
        """Return the state of a tenant of which nothing is known."""
        ...

    def decide(self, state: State, given: Given, now: int) -> Step:
        """Return what ``given`` leads to. Transitions are made by ``fold`` alone.

        A projection that can be rebuilt from the inputs (correlate's graph) may be updated here.

        Raises:
            Rejected: the input is invalid.
        """
        ...

    def fold(self, state: State, entry: Entry) -> State:
        """Return the state after ``entry``; used alike for new entries and for those read back at the start."""
        ...

    def deadline(self, state: State) -> int | None:
        """Return the earliest instant at which the state wants a ``Tick``."""
        ...

    def snapshot(self, state: State) -> Mapping[str, Any]:
        """Return the state as JSON."""
        ...

    def restore(self, tenant: str, data: Mapping[str, Any]) -> State:
        """Return the state that ``snapshot`` wrote."""
        ...


class Actor(Protocol):
    """Does what a machine asks for."""

    async def perform(self, action: Action, now: int) -> Outcome:
        """Do it and return what came of it; a failure is an outcome, never an exception."""
        ...
