"""Processes as questions over the tables: who is meant, who started whom, who did what, who was injected into."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from schemas.fact import NO_PROCESS, Command, Connection, Fact, ProcessRef, ProcessStarted, RemoteThread, ServiceMade
from services.detect.correlate.core.finding import Filed
from services.detect.correlate.core.instances import SLACK, Draft, adopt, bury, finish, same_image
from services.detect.correlate.core.inventory import Inventory
from services.detect.correlate.core.nodes import Process
from services.detect.correlate.core.store import Key, Span, Store
from services.detect.correlate.core.vocabulary import base, is_browser, is_hub, is_person

Told = Fact | Filed


@dataclass(slots=True)
class ProcessView:
    """Questions about processes; ``reads`` gathers the keys that the answers rest on."""

    store: Store
    inventory: Inventory = field(default_factory=Inventory)
    reads: set[Key] = field(default_factory=set)
    _slots: dict[tuple[str, int], list[tuple[Draft, Process]]] = field(default_factory=dict)
    _lone: dict[tuple[str, str], Process] = field(default_factory=dict)
    _injected: dict[str, int | None] = field(default_factory=dict)
    _known: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    def read(self, key: Key) -> dict[Any, Any]:
        """Return the table under ``key``, and remember that it was asked for."""
        self.reads.add(key)
        return self.store.table(key)

    def facts(self, key: Key) -> list[Any]:
        """Return the facts under ``key``, by time."""
        return sorted(self.read(key).values(), key=_order)

    def shed(self) -> None:
        """Forget the answers, which can be found again; not what they rest on."""
        for answers in (self._slots, self._lone, self._injected, self._known):
            answers.clear()

    # -- processes

    def process(self, host: str, ref: ProcessRef, time: int) -> Process | None:
        """Return the process that ``ref`` names at ``time``; None where it names none."""
        if ref.guid:
            return self._by_guid(host, ref)
        if ref.pid <= 4:
            return None
        return self._by_pid(host, ref, time)

    def _by_guid(self, host: str, ref: ProcessRef) -> Process:
        pid = self._pid_of(host, ref.guid)
        if pid:
            for draft, process in self._instances(host, pid):
                if ref.guid in draft.guids:
                    return process
        found = self._lone.get((host, ref.guid))
        if found is None:
            draft = self._guid_draft(host, ref.guid, None)
            draft.images.add(ref.image)
            found = self._lone[host, ref.guid] = finish(host, pid, draft)
        return found

    def _pid_of(self, host: str, guid: str) -> int:
        pids: list[int] = sorted(self.read(("pair", host, guid)))
        if pids:
            return pids[0]
        for start in self.facts(("start", host, guid)):
            twin = self._twin(start)
            if twin is not None:
                return int(twin.process.pid)
        return 0

    def _twin(self, start: ProcessStarted) -> ProcessStarted | None:
        """Return the other sensor's start of the same process, where one of them lost the pid."""
        other = self._nearest(start)
        back = self._nearest(other) if other is not None else None
        return other if back is start else None

    def _nearest(self, start: ProcessStarted) -> ProcessStarted | None:
        if not start.command.digest or (start.process.guid and start.process.pid):
            return None
        near: list[ProcessStarted] = [
            other
            for other in self.facts(("digest", start.host, start.command.digest))
            if bool(other.process.guid) != bool(start.process.guid)
            and bool(other.process.pid) != bool(start.process.pid)
            and abs(other.time - start.time) <= SLACK
            and same_image(other.process.image, start.process.image)
        ]
        return min(near, key=lambda other: (abs(other.time - start.time), other.time, other.event), default=None)

    def _guid_draft(self, host: str, guid: str, span: Span | None) -> Draft:
        draft = Draft({guid}, self.facts(("start", host, guid)), self.facts(("end", host, guid)))
        seen = self.read(("seen", host, guid))
        draft.images = {span.detail} if span is not None and span.detail else set(seen)
        firsts = [each.first for each in seen.values()] + ([span.first] if span is not None else [])
        draft.first = min(firsts, default=None)
        return draft

    def _instances(self, host: str, pid: int) -> list[tuple[Draft, Process]]:
        found = self._slots.get((host, pid))
        if found is None:
            found = self._slots[host, pid] = self._build(host, pid)
        return found

    def _build(self, host: str, pid: int) -> list[tuple[Draft, Process]]:
        spans: dict[str, Span | None] = dict(self.read(("pids", host, pid)))
        bare = [start for start in self.facts(("start", host, pid)) if not start.process.guid]
        for start in bare:
            twin = self._twin(start)
            if twin is not None:
                spans.setdefault(twin.process.guid, None)
        drafts = [self._guid_draft(host, guid, spans[guid]) for guid in sorted(spans)]
        adopt(drafts, bare)
        bury(drafts, [end for end in self.facts(("end", host, pid)) if not end.process.guid])
        for image, seen in sorted(self.read(("seen", host, pid)).items()):
            if not any(draft.fits(ProcessRef(pid=pid, image=image), seen.first) for draft in drafts):
                drafts.append(Draft(images={image}, first=seen.first))
        drafts.sort(key=lambda draft: (draft.since, sorted(draft.guids), draft.image))
        return [(draft, finish(host, pid, draft)) for draft in drafts]

    def _by_pid(self, host: str, ref: ProcessRef, time: int) -> Process:
        fitting = [process for draft, process in self._instances(host, ref.pid) if draft.fits(ref, time)]
        if fitting:
            return fitting[-1]
        name = f"process:{host}:{ref.pid}@:{base(ref.image)}"
        return Process(name, host, ref.pid, image=ref.image, first=time)

    def _mine(self, process: Process, table: str, ref_of: Callable[[Any], ProcessRef]) -> list[Any]:
        """Return what stands under the process's guids, and what stands under its pid and means it."""
        known = self._known.get((table, process.id))
        if known is None:
            known = self._known[table, process.id] = self._gathered(process, table, ref_of)
        return known

    def _gathered(self, process: Process, table: str, ref_of: Callable[[Any], ProcessRef]) -> list[Any]:
        found = [fact for guid in process.guids for fact in self.read((table, process.host, guid)).values()]
        if process.pid:
            for fact in self.read((table, process.host, process.pid)).values():
                meant = self.process(process.host, ref_of(fact), fact.time)
                if meant is not None and meant.id == process.id:
                    found.append(fact)
        return sorted({fact_name(fact): fact for fact in found}.values(), key=_order)

    def deeds(self, process: Process) -> list[Any]:
        """Return the facts and findings whose actor is ``process``, by time."""
        return self._mine(process, "deed", _actor_of)

    def child_starts(self, process: Process) -> list[ProcessStarted]:
        """Return the starts of which ``process`` is the parent."""
        return self._mine(process, "kids", lambda fact: fact.parent)

    def children(self, process: Process) -> list[Process]:
        """Return the processes that ``process`` started."""
        starts = self.child_starts(process)
        found = (self.process(process.host, start.process, start.time) for start in starts)
        return list({child.id: child for child in found if child is not None and child.id != process.id}.values())

    def parent(self, process: Process) -> Process | None:
        """Return the process that started ``process``."""
        if process.start is None:
            return None
        return self.process(process.host, process.parent, process.start)

    def is_hub(self, process: Process) -> bool:
        """Whether it is a launcher of the operating system, or nobody knows what it is."""
        return not process.image or is_hub(process.image)

    def is_free(self, process: Process) -> bool:
        """Whether a story may pass through it: no launcher, or one that somebody injected code into."""
        return not self.is_hub(process) or self.injected(process) is not None

    def injected(self, process: Process) -> int | None:
        """Return when code was first injected into ``process`` by something that is no launcher itself."""
        if process.id not in self._injected:
            self._injected[process.id] = None
            times = [thread.time for thread in self.injections_into(process) if self.source_of(thread) is not None]
            self._injected[process.id] = min(times, default=None)
        return self._injected[process.id]

    def injections_into(self, process: Process) -> list[RemoteThread]:
        """Return the threads that others started in ``process``."""
        return self._mine(process, "hurt", lambda fact: fact.target)

    def source_of(self, thread: RemoteThread) -> Process | None:
        """Return who injected; None where launchers, browsers or a program's own helpers did."""
        source = self.process(thread.host, thread.process, thread.time)
        if (
            source is None
            or is_browser(thread.process.image)
            or base(thread.process.image) == base(thread.target.image)
        ):
            return None
        return source if self.is_free(source) else None

    def user(self, process: Process) -> str:
        """Return whose token the process has, from its start, else from what sensors said of it later."""
        if process.user:
            return process.user
        spans: dict[str, Span] = {}
        for name in (*process.guids, process.pid):
            for user, span in self.read(("users", process.host, name)).items():
                meant = self.process(process.host, ProcessRef(pid=process.pid), span.first)
                if isinstance(name, str) or (meant is not None and meant.id == process.id):
                    spans[user] = span
        return min(spans, key=lambda user: (not is_person(user), spans[user].first, user), default="")

    def engines(self, process: Process) -> list[tuple[Command, Span]]:
        """Return how script engines in the process say that they were called."""
        found: dict[Command, Span] = {}
        if process.pid:
            for command, span in self.read(("engines", process.host, process.pid)).items():
                meant = self.process(process.host, ProcessRef(pid=process.pid), span.first)
                if meant is not None and meant.id == process.id:
                    found[command] = span
        return sorted(found.items(), key=lambda pair: (pair[1].first, pair[0].digest))

    def peers(self, process: Process) -> list[tuple[str, int, Span]]:
        """Return the addresses and ports that the process connected to, with when."""
        known = self._known.get(("peers", process.id))
        if known is None:
            known = self._known["peers", process.id] = self._spoken_to(process)
        return known

    def _spoken_to(self, process: Process) -> list[tuple[str, int, Span]]:
        found: dict[tuple[str, int], Span] = {}
        for name in (*process.guids, process.pid):
            for (image, address, port), span in self.read(("peers", process.host, name)).items() if name else ():
                ref = ProcessRef(guid=name if isinstance(name, str) else "", pid=process.pid, image=image)
                meant = self.process(process.host, ref, span.first)
                if meant is not None and meant.id == process.id:
                    found[address, port] = _wider(found.get((address, port)), span)
        return sorted(((address, port, span) for (address, port), span in found.items()), key=_peer_order)

    def connections(self, process: Process) -> list[Connection]:
        """Return the connections that the process opened, with their client ports."""
        return self._mine(process, "ports", lambda fact: fact.process)


def fact_name(item: Told) -> str:
    """Return what makes a fact or finding itself."""
    return item.uid if isinstance(item, Filed) else item.event


def _order(item: Told) -> tuple[int, str]:
    return item.time, fact_name(item)


def _peer_order(peer: tuple[str, int, Span]) -> tuple[int, str, int]:
    return peer[2].first, peer[0], peer[1]


def _wider(left: Span | None, right: Span) -> Span:
    if left is None:
        return right
    first, last = min(left, right, key=lambda span: (span.first, span.event)), max(left.last, right.last)
    return Span(first.first, last, first.event)


def _actor_of(item: Told) -> ProcessRef:
    if isinstance(item, Filed):
        return item.actor.process
    if isinstance(item, ServiceMade):
        return item.client
    return getattr(item, "process", NO_PROCESS)
