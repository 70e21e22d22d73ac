"""Reading a ledger back: per tenant from its newest snapshot to the end, every link checked."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic

from runtime.dead_letters import Failure
from runtime.delivery import attempt_now
from runtime.ledger.book import Book
from runtime.ledger.chain import (
    SNAPSHOT_HEADER,
    BrokenLedger,
    Line,
    Link,
    Upcaster,
    follow,
    state_of,
    upcast,
)
from runtime.log import Log, Received, TopicPartition
from runtime.machine import Machine, State
from runtime.outputs import cause_of

_BREATH = 500
_NEAR = 10_000


@dataclass(slots=True)
class _Tail:
    """What a tenant's state follows from: its newest whole snapshot and all behind it."""

    lines: list[Received] = field(default_factory=list)
    candidate: int = 0

    def add(self, received: Received) -> None:
        """Take the next message; a whole snapshot makes all before it needless."""
        part, _, parts = received.headers.get(SNAPSHOT_HEADER, "").partition("/")
        if part == "0":
            self.candidate = len(self.lines)
        self.lines.append(received)
        if parts and int(part) + 1 == int(parts):
            del self.lines[: self.candidate]
            self.candidate = 0


@dataclass(frozen=True, slots=True)
class Replayed(Generic[State]):
    """The books of a partition as its ledger tells them.

    ``start``: the first offset that this took. ``stale``: the tenants because of whom it lies far back.
    """

    books: Mapping[str, Book[State]]
    entries: int
    start: int
    last_at: int
    stale: frozenset[str]


async def replay(
    log: Log, place: TopicPartition, start: int, machine: Machine[State], upcasters: Mapping[tuple[str, int], Upcaster]
) -> Replayed[State]:
    """Return what the ledger says, reading ``place`` from ``start``, before which nothing is needed.

    Raises:
        BrokenLedger: an entry is not what was written, or cannot be folded.
    """
    tails: dict[str, _Tail] = {}
    end = start
    async for received in log.read(place.topic, place.partition, start):
        tails.setdefault(received.tenant, _Tail()).add(received)
        end = received.offset + 1
    books = {tenant: await _book(tenant, tails[tenant], machine, upcasters) for tenant in sorted(tails)}
    firsts = {tenant: tail.lines[0].offset for tenant, tail in tails.items()}
    middle = end - max((end - start) // 2, _NEAR)
    return Replayed(
        books=books,
        entries=sum(len(tail.lines) for tail in tails.values()),
        start=min(firsts.values(), default=start),
        last_at=max((book.at for book in books.values()), default=0),
        stale=frozenset(tenant for tenant, first in firsts.items() if first < middle),
    )


async def _book(
    tenant: str, tail: _Tail, machine: Machine[State], upcasters: Mapping[tuple[str, int], Upcaster]
) -> Book[State]:
    reading = _Reading(Book(tenant, machine.fresh(tenant)), machine, upcasters)
    link = None if SNAPSHOT_HEADER in tail.lines[0].headers else Link()
    for index, received in enumerate(tail.lines):
        line = follow(received, link)
        link = line.link
        result = attempt_now(partial(reading.read, line, received))
        if isinstance(result, Failure):
            raise BrokenLedger(
                f"the entry at {cause_of(received)} cannot be folded: {result.reason}\n{result.traceback}"
            )
        if index % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
    reading.book.deadline = machine.deadline(reading.book.state)
    return reading.book


@dataclass(slots=True)
class _Reading(Generic[State]):
    """A book while it is read back."""

    book: Book[State]
    machine: Machine[State]
    upcasters: Mapping[tuple[str, int], Upcaster]
    pieces: list[Line] = field(default_factory=list)

    def read(self, line: Line, received: Received) -> None:
        self.book.link = line.link
        self.book.at = line.at
        if line.is_snapshot:
            self._piece(line, received)
        else:
            self.book.state = self.machine.fold(self.book.state, upcast(line.entry, self.upcasters))
            self.book.since += 1

    def _piece(self, line: Line, received: Received) -> None:
        self.pieces.append(line)
        if line.entry.data["part"] + 1 == line.entry.data["parts"]:
            self.book.state = self.machine.restore(self.book.tenant, state_of(self.pieces, received))
            self.book.since = 0
            self.pieces = []
