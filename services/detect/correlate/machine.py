"""correlate as a ledger service: findings, facts and human decisions in, incidents out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from runtime.errors import Rejected
from runtime.log import Received
from runtime.machine import Entry, Given, Step, Tick
from schemas.decision import Decision, Verb
from schemas.entity import TenantSlug
from schemas.fact import decode
from schemas.finding import Finding, Kind
from schemas.tenant import Tenant
from schemas.topics import DECISIONS, FACTS, FINDINGS
from services.detect.correlate.actor import filed
from services.detect.correlate.core.budget import Budget
from services.detect.correlate.core.engine import Engine
from services.detect.correlate.core.evidence import Rule
from services.detect.correlate.core.inventory import Inventory
from services.detect.correlate.publish import PUBLISHED, Publication, publish
from services.detect.correlate.state import Counter, Known, State, Work

GATHER_MS: Final = 50
MOST_TAKEN: Final = 500_000
_STATUS: Final = {Verb.ACK: 2, Verb.CLOSE: 5}

Counting = Callable[[str], Counter]


class CorrelateMachine:
    """Decides which findings are one incident, and what each entity is in it."""

    def __init__(
        self,
        tenants: Mapping[str, Tenant],
        rules: Sequence[Rule],
        counting: Counting | None = None,
        watermark_ms: int = 120_000,
        budget: Budget | None = None,
    ) -> None:
        self._tenants = tenants
        self._rules = rules
        self._budget = budget or Budget()
        self._counting = counting
        self._watermark = watermark_ms

    def fresh(self, tenant: str) -> State:
        """Return the state of a tenant of which nothing is known."""
        known = self._tenants.get(tenant) or Tenant(slug=tenant)
        counter = self._counting(tenant) if self._counting is not None else None
        return State(known, Work(Engine(Inventory.of(known), self._rules, self._budget), counter))

    def decide(self, state: State, given: Given, now: int) -> Step:
        """Return what is to be published after ``given``; the graph is updated here, transitions are made by ``fold``.

        Raises:
            Rejected: the message is neither finding, fact nor decision.
        """
        if isinstance(given, Received):
            if given.topic == DECISIONS.name:
                return _step(_judged(state, _decision(given), now))
            self._take(state, given, now)
        return _step(self._settle(state, now, resumed=isinstance(given, Tick) and given.resumed))

    def rebuild(self, state: State, received: Received, now: int) -> None:
        """Take in once more what was decided on before; nothing is published."""
        if received.topic in {FACTS.name, FINDINGS.name}:
            self._take(state, received, now)

    def fold(self, state: State, entry: Entry) -> State:
        """Return the state after ``entry``."""
        if entry.kind == PUBLISHED:
            state.learn(Known.from_data(entry.data))
        return state

    def deadline(self, state: State) -> int | None:
        """Return when something is to be settled."""
        return min((*filter(None, (state.work.due,)), *state.work.waits.values()), default=None)

    def snapshot(self, state: State) -> Mapping[str, Any]:
        """Return the incidents as JSON."""
        return {"incidents": [state.incidents[uid].as_data() for uid in sorted(state.incidents)]}

    def restore(self, tenant: TenantSlug, data: Mapping[str, Any]) -> State:
        """Return the state that ``snapshot`` wrote."""
        state = self.fresh(tenant)
        for known in data["incidents"]:
            state.learn(Known.from_data(known))
        return state

    def _take(self, state: State, given: Received, now: int) -> None:
        if given.topic == FINDINGS.name:
            finding = _finding(given)
            if finding.unmapped.stanch.kind is Kind.OPERATIONS:
                return
            self._file(state, finding)
            counter = state.work.counter
            for concluded in counter.observe(finding, now) if counter is not None else ():
                self._file(state, concluded)
        elif given.topic == FACTS.name:
            fact = _fact(given)
            state.work.engine.fact(fact)
            state.work.newest = max(state.work.newest, min(fact.time, now))  # one wrong clock must not make all forget
            state.work.engine.evict(state.work.newest - self._watermark)

    def _file(self, state: State, finding: Finding) -> None:
        uid, taken = finding.finding_info.uid, state.work.taken
        if uid in taken:
            return
        taken[uid] = None
        if len(taken) > MOST_TAKEN:
            del taken[next(iter(taken))]
        state.work.engine.finding(filed(finding))

    def _settle(self, state: State, now: int, *, resumed: bool) -> Publication:
        work = state.work
        if work.engine.is_due and work.due is None:
            work.due = now + GATHER_MS
        over = [wait for wait, at in work.waits.items() if at <= now]
        if not resumed and not over and (work.due is None or now < work.due):
            return Publication()
        changed = work.engine.settle().groups
        work.due = None
        work.over.update(over)
        for wait in over:
            del work.waits[wait]
        if resumed:
            return publish(state, work.engine.groups(), now)
        waited = {work.speakers[uid] for uid, _ in over if uid in work.speakers} - {found.number for found in changed}
        return publish(state, [*changed, *work.engine.numbered(waited)], now)


def _judged(state: State, decision: Decision, now: int) -> Publication:
    """Return what a human's ack or close changes; every other word is not for us."""
    said, known = Publication(), state.incidents.get(decision.subject)
    status = _STATUS.get(decision.verb)
    if known is not None and status is not None and known.incident.status_id != status:
        detail = known.incident.detail.model_copy(update={"version": known.incident.detail.version + 1})
        unmapped = known.incident.unmapped.model_copy(update={"stanch": detail})
        activity = 3 if decision.verb is Verb.CLOSE else 2
        update = {"status_id": status, "time": now, "activity_id": activity, "type_uid": 200500 + activity}
        incident = known.incident.model_copy(update={**update, "unmapped": unmapped})
        said.say(state.tenant.slug, Known(incident, known.opened, known.evidence))
    return said


def _step(said: Publication) -> Step:
    return Step(entries=tuple(said.entries), outputs=tuple(said.outputs))


def _finding(given: Received) -> Finding:
    try:
        finding = Finding.model_validate_json(given.value)
    except ValidationError as error:
        raise Rejected(f"no finding: {error}") from error
    if finding.metadata.tenant_uid != given.tenant:
        raise Rejected(f"a finding of {finding.metadata.tenant_uid!r} in the stream of {given.tenant!r}")
    return finding


def _fact(given: Received) -> Any:  # noqa: ANN401 - one of the fact types
    try:
        return decode(given.value)
    except ValueError as error:
        raise Rejected(f"no fact: {error}") from error


def _decision(given: Received) -> Decision:
    try:
        return Decision.model_validate_json(given.value)
    except ValidationError as error:
        raise Rejected(f"no decision: {error}") from error
