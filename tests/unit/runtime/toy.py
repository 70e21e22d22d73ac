"""A toy ledger service: it counts, rings bells (actions), sets alarms (deadlines) and heeds a broadcast mode."""

# ruff: noqa: ARG002 -- the methods of a port keep its parameters

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from runtime.clock import Clock, VirtualClock
from runtime.delivery import Breaker, Delivery
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.errors import Rejected
from runtime.ledger import LedgerWorker
from runtime.log import Log, Message, Received
from runtime.machine import Action, Entry, Given, Outcome, Step, Tick
from runtime.metrics import Metrics
from schemas.dead_letter import DeadLetter

NAME = "respond"
INPUT = "incidents"
OUTPUT = "holds"
LEDGER = "respond.ledger"
NOON = 1_700_000_000_000


@dataclass
class Counter:
    """The state of one tenant."""

    total: int = 0
    open: dict[str, bool] = field(default_factory=dict)
    rung: list[str] = field(default_factory=list)
    alarm: int | None = None
    mode: str = ""
    graph: list[str] = field(default_factory=list)


class Toy:
    """Decides on `{"add": n}`, `{"ring": uid}`, `{"alarm": instant}`, and on `{"bad"|"bug"|"unfoldable": ...}`."""

    def fresh(self, tenant: str) -> Counter:
        return Counter()

    def decide(self, state: Counter, given: Given, now: int) -> Step:
        if isinstance(given, Tick):
            return self.tick(state, given, now)
        if isinstance(given, Outcome):
            return Step((Entry("rung", given.action, dict(given.data)),), (hold(f"rung {given.action}"),))
        return self._message(state, given)

    def tick(self, state: Counter, tick: Tick, now: int) -> Step:
        if tick.resumed:
            return Step(actions=[Action(uid, "ring", {}) for uid in state.open])
        return Step((Entry("alarmed", "", {"at": now}),), (hold(f"alarm {now}"),))

    def _message(self, state: Counter, received: Received) -> Step:
        said: dict[str, Any] = orjson.loads(received.value)
        if "bad" in said:
            raise Rejected("bad is bad")
        if "bug" in said:
            raise KeyError("bug")
        if "mode" in said:
            return Step() if state.mode == said["mode"] else Step((Entry("mode", "", said),))
        entries = [Entry(kind, "", {kind: value}) for kind, value in said.items()]
        total = state.total + said.get("add", 0)
        actions = [Action(said["ring"], "ring", {})] if "ring" in said else []
        return Step(entries, (hold(f"total {total}"),) if "add" in said else (), actions)

    def fold(self, state: Counter, entry: Entry) -> Counter:
        match entry.kind:
            case "add":
                state.total += entry.data["add"]
            case "ring":
                state.open[entry.data["ring"]] = True
            case "rung":
                state.open.pop(entry.key, None)
                state.rung.append(entry.key)
            case "alarm":
                state.alarm = entry.data["alarm"]
            case "alarmed":
                state.alarm = None
            case "mode":
                state.mode = entry.data["mode"]
            case "unfoldable":
                state.total += 1_000_000
                raise ValueError("half-way")
        return state

    def deadline(self, state: Counter) -> int | None:
        return state.alarm

    def snapshot(self, state: Counter) -> Mapping[str, Any]:
        return {"total": state.total, "open": state.open, "rung": state.rung, "alarm": state.alarm, "mode": state.mode}

    def restore(self, tenant: str, data: Mapping[str, Any]) -> Counter:
        return Counter(**{name: _copied(value) for name, value in data.items()})

    def rebuild(self, state: Counter, received: Received, now: int) -> None:
        state.graph.append(received.value.decode())


class Bell:
    """An actor that counts how often each bell was rung."""

    def __init__(self) -> None:
        self.rings: list[tuple[str, int]] = []

    async def perform(self, action: Action, now: int) -> Outcome:
        self.rings.append((action.uid, now))
        return Outcome(action.uid, {"ok": True})


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, dict | list) else value


def hold(text: str, tenant: str = "acme") -> Message:
    return Message(OUTPUT, tenant, "h", text.encode())


def said(tenant: str = "acme", now: int | None = None, **what: Any) -> Message:
    headers = {} if now is None else {"stanch-now": str(now)}
    return Message(INPUT, tenant, "i", orjson.dumps(what), headers)


def memory_log(partitions: int = 1) -> EmbeddedLog:
    return EmbeddedLog(None, VirtualClock(NOON), partitions)


def deployed(log: Log, clock: Clock | None = None, virtual: bool = False) -> Deployment:
    return Deployment(log, {}, clock or VirtualClock(0 if virtual else NOON), Path(), virtual)


def quiet_delivery() -> Delivery:
    return Delivery(NAME, metrics=Metrics(CollectorRegistry()), breaker=Breaker(10_000))


def toy_worker(where: Deployment, **options: Any) -> LedgerWorker[Counter]:
    machine = options.pop("machine", Toy())
    options.setdefault("delivery", quiet_delivery())
    return LedgerWorker(where, NAME, LEDGER, machine, [INPUT], **options)


async def drained(worker: LedgerWorker[Counter]) -> int:
    """Step until nothing is left to do."""
    total = 0
    while handled := await worker.step(0):
        total += handled
    return total


async def texts(log: Log, topic: str = OUTPUT, partition: int = 0) -> list[str]:
    return [received.value.decode() async for received in log.read(topic, partition)]


async def buried(log: Log) -> Sequence[DeadLetter]:
    return [DeadLetter.model_validate_json(text) for text in await texts(log, "dead-letters")]
