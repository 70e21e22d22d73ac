"""One owned partition at work: inputs are decided on one by one, collected into one transaction, committed, acted upon."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Generic

from runtime.dead_letters import Failure
from runtime.delivery import Dead, attempt_now
from runtime.failpoints import reach
from runtime.ledger.actions import Deed
from runtime.ledger.book import Book, Draft, fold
from runtime.ledger.chain import Line, forge, message_of, snapshot_entries
from runtime.ledger.inputs import own_input
from runtime.ledger.rebuild import Rebuilds, past
from runtime.ledger.replay import Replayed, replay
from runtime.ledger.service import Service
from runtime.ledger.transaction import Transaction
from runtime.log import Message, Ownership, Received, TopicPartition
from runtime.machine import Given, Outcome, State, Tick
from runtime.outputs import cause_of, fitting, stamped
from schemas.dead_letter import Fate
from schemas.entity import is_tenant


class Partition(Generic[State]):
    """The tenants of one partition, under one ownership.

    ``ends`` are the offsets that the group had committed per input when the partition was taken over.
    """

    def __init__(
        self, service: Service[State], ownership: Ownership, start: int, ends: Mapping[TopicPartition, int]
    ) -> None:
        self._service = service
        self._ownership = ownership
        self._start = start
        self._ends = dict(ends)
        self._books: dict[str, Book[State]] = {}
        self._transaction = Transaction()
        self._committed = 0.0
        self._buried: dict[str, str] = {}
        self._place = TopicPartition(service.ledger, ownership.partition)
        self.number = ownership.partition
        self.handled = 0
        self.sound = True

    @property
    def deadline(self) -> int | None:
        """When something here is due."""
        instants = [due for book in self._books.values() if (due := book.due) is not None]
        home = self._service.actions.next_at(self.number)
        return min(instants if home is None else [*instants, home], default=None)

    async def load(self) -> None:
        """Read the ledger back, and the inputs of the look-back.

        Raises:
            BrokenLedger: the ledger is not what was written.
        """
        started = time.perf_counter()
        service = self._service
        reading = partial(replay, service.log, self._place, self._start, service.machine, service.upcasters)
        replayed = await service.delivery.patiently(reading)
        self._books = dict(replayed.books)
        self._renew(replayed.stale)
        if replayed.start > self._start:
            self._start = self._transaction.upto[self._place] = replayed.start
        service.pace.move(self.number, replayed.last_at)
        await self._rebuild()
        self._measure(replayed, time.perf_counter() - started)

    async def resume(self) -> None:
        """Tell every tenant the newest broadcasts, and that its owner has just taken over."""
        now = self._service.pace.current(self.number)
        for tenant in sorted(self._books):
            await self._brief(tenant, now)
            await self._tell(tenant, Tick(resumed=True), now)
        await self.commit()

    async def receive(self, received: Received) -> None:
        """Handle one message, and whatever was due before it; one that was decided on before is passed over.

        After a hand-over a reader may be given again what its predecessor was still committing.
        """
        if received.offset < self._ends.get(received.place, 0):
            return
        now = self._service.pace.now(received, self.number)
        await self.catch_up(now)
        self._service.pace.move(self.number, now)
        if not self._service.pace.is_tick(received):
            await self._admit(received, now)
        self._transaction.upto[received.place] = received.offset + 1
        self._ends[received.place] = received.offset + 1
        self.handled += 1
        await self._settle()

    async def _admit(self, received: Received, now: int) -> None:
        """Give the message to its tenant; other tools publish as well, and may have written a name that nobody can have."""
        if is_tenant(received.tenant):
            await self._give(received.tenant, received, now, received)
            return
        failure = Failure(Fate.REJECTED, f"no tenant can be called {received.tenant!r}")
        self._bury(self._service.delivery.give_up(received, failure, now), received, now)

    async def hear(self, received: Received) -> None:
        """Tell every tenant a message of a broadcast topic."""
        now = self._service.pace.now(received, self.number)
        await self.catch_up(now)
        self._service.pace.move(self.number, now)
        for tenant in sorted(self._books):
            await self._give(tenant, received, now, received)
        await self._settle()

    async def catch_up(self, now: int) -> None:
        """Handle the outcomes and deadlines that are due by ``now``, in order."""
        while (due := self.deadline) is not None and due <= now:
            instant = max(self._service.pace.instant(due, now), self._service.pace.current(self.number))
            self._service.pace.move(self.number, instant)
            if self._service.actions.next_at(self.number) == due:
                await self._take_home(instant)
            else:
                await self._tick(due, instant)
            self.handled += 1
            await self._settle()

    async def keep_up(self) -> None:
        """Handle what is due now."""
        await self.catch_up(self._service.pace.current(self.number))

    async def pass_time(self, instant: int) -> None:
        """Handle what is due up to ``instant``, commit it, and let ``instant`` be now."""
        await self.catch_up(instant)
        self._service.pace.move(self.number, instant)
        await self.commit()

    async def close(self) -> None:
        """Commit what has come home. What this asks for is left to the next owner, who reconciles it."""
        now = self._service.pace.current(self.number)
        while (at := self._service.actions.next_at(self.number)) is not None and at <= now:
            await self._take_home(now)
        await self._persist()

    async def commit(self) -> None:
        """Commit what was decided, all at once, then start what it asked for.

        Where nothing was decided, how far was read is committed now and then: whoever reads that again decides the same.

        Raises:
            Fenced: a newer owner exists; what is believed here is void.
        """
        if self._transaction.is_reading and time.perf_counter() - self._committed < self._service.linger_ms / 1000:
            return
        for deed in await self._persist():
            await self._service.actions.launch(deed)

    async def _persist(self) -> Sequence[Deed]:
        transaction, self._transaction = self._transaction, Transaction()
        for tenant in sorted(transaction.touched):
            transaction.add(self._snapshot(self._books[tenant]))
        if transaction.is_empty:
            return ()
        started = time.perf_counter()
        self.sound = False
        reach("ledger.decided")
        writing = partial(self._ownership.commit, transaction.outputs, transaction.upto, self._service.group)
        await self._service.delivery.patiently(writing)
        self.sound = True
        self._committed = time.perf_counter()
        metrics, name = self._service.delivery.metrics, self._service.name
        metrics.observe("stanch_commit_seconds", time.perf_counter() - started, service=name)
        transaction.count(metrics, name, self._service.ledger)
        reach("ledger.committed")
        return transaction.deeds

    async def _settle(self) -> None:
        if self._transaction.is_large or (self._transaction.deeds and self._service.actions.at_once):
            await self.commit()
            await asyncio.sleep(0)

    async def _take_home(self, instant: int) -> None:
        result = self._service.actions.take(self.number)
        await self._tell(result.tenant, result.outcome, instant)

    async def _tick(self, due: int, instant: int) -> None:
        tenant = next(tenant for tenant, book in self._books.items() if book.due == due)
        seq = self._books[tenant].link.seq
        done = await self._tell(tenant, Tick(), instant)
        self._books[tenant].note_tick(instant, failed=not done, progress=self._books[tenant].link.seq > seq)

    async def _tell(self, tenant: str, given: Tick | Outcome, now: int) -> bool:
        book = await self._book(tenant, now)
        return await self._give(tenant, given, now, own_input(self._place, tenant, given, book.link.seq, now))

    async def _give(self, tenant: str, given: Given, now: int, origin: Received) -> bool:
        """Let the machine decide; a poisoned input becomes a dead letter of the same transaction, and the answer False."""
        book = await self._book(tenant, now)
        fate = await self._service.delivery.deliver(origin, partial(self._draft, book, given, now), now)
        if isinstance(fate, Dead):
            self._bury(fate, origin, now)
            return False
        folded = attempt_now(partial(fold, self._service.machine, book, fate.value.lines))
        if isinstance(folded, Failure):
            await self._recover(origin, folded, now)
            return False
        self._write(tenant, fate.value, origin, now)
        return True

    async def _draft(self, book: Book[State], given: Given, now: int) -> Draft:
        step = self._service.machine.decide(book.state, given, now)
        lines: list[Line] = []
        for entry in step.entries:
            lines.append(forge(book.tenant, lines[-1].link if lines else book.link, entry, now))
        fitting([message_of(line, self._service.ledger) for line in lines])
        fitting(step.outputs)
        return Draft(step, tuple(lines))

    def _write(self, tenant: str, draft: Draft, origin: Received, now: int) -> None:
        lines = [message_of(line, self._service.ledger) for line in draft.lines]
        stamp = self._service.pace.stamp(now)
        self._transaction.add(stamped([*lines, *draft.step.outputs], cause_of(origin), stamp))
        self._transaction.deeds += [Deed(self.number, tenant, action, now) for action in draft.step.actions]
        if lines:
            self._transaction.touched.add(tenant)

    def _bury(self, dead: Dead, origin: Received, now: int) -> None:
        """Publish the dead letter, once: a tick that fails comes again and is the same one as long as nothing changes."""
        if self._buried.get(origin.tenant) == dead.letter.uid:
            return
        self._buried[origin.tenant] = dead.letter.uid
        self._transaction.add(stamped([dead.message], cause_of(origin), self._service.pace.stamp(now)))
        self._service.broadcast.forget(origin)

    async def _recover(self, origin: Received, failure: Failure, now: int) -> None:
        """Half-folded entries may have left anything behind: begin again from what is committed, without this input."""
        self._transaction.touched.clear()  # no snapshot of a state that may be wrong
        await self.commit()
        await self.load()
        self._bury(self._service.delivery.give_up(origin, failure, now), origin, now)

    async def _book(self, tenant: str, now: int) -> Book[State]:
        if tenant not in self._books:
            self._books[tenant] = Book(tenant, self._service.machine.fresh(tenant))
            await self._brief(tenant, now)
        return self._books[tenant]

    async def _brief(self, tenant: str, now: int) -> None:
        for received in self._service.broadcast.latest():
            await self._give(tenant, received, now, received)

    def _snapshot(self, book: Book[State]) -> Sequence[Message]:
        if book.since < self._service.snapshot_every:
            return ()
        entries = attempt_now(lambda: snapshot_entries(self._service.machine.snapshot(book.state)))
        book.since = 0
        if isinstance(entries, Failure):
            self._service.fault("snapshot", entries)
            return ()
        messages = []
        for entry in entries:
            line = forge(book.tenant, book.link, entry, book.at)
            book.link = line.link
            messages.append(message_of(line, self._service.ledger))
        return stamped(
            messages, f"{self._service.ledger}/{self.number}/{book.tenant}/snapshot", self._service.pace.stamp(book.at)
        )

    def _renew(self, stale: frozenset[str]) -> None:
        """Have the next commit write new snapshots of tenants that would make a later start read far back."""
        for tenant in stale:
            self._books[tenant].since = self._service.snapshot_every
        self._transaction.touched |= stale

    async def _rebuild(self) -> None:
        machine, pace = self._service.machine, self._service.pace
        if not isinstance(machine, Rebuilds) or not self._service.lookback_ms:
            return
        since = pace.current(self.number) - self._service.lookback_ms
        async for received in past(self._service.log, self._ends, since, pace):
            if not is_tenant(received.tenant):
                continue
            if received.tenant not in self._books:
                self._books[received.tenant] = Book(received.tenant, machine.fresh(received.tenant))
            state = self._books[received.tenant].state
            result = attempt_now(partial(machine.rebuild, state, received, pace.moment(received)))
            if isinstance(result, Failure) and result.traceback:
                self._service.fault("rebuild", result)

    def _measure(self, replayed: Replayed[State], seconds: float) -> None:
        metrics = self._service.delivery.metrics
        labels = {"service": self._service.name, "partition": str(self.number)}
        metrics.set("stanch_ledger_replay_seconds", seconds, **labels)
        metrics.set("stanch_ledger_replayed_entries", replayed.entries, **labels)
