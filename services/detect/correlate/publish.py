"""Publication: which group is which incident, what waits a moment, and what differs enough to be said."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from runtime.log import Message
from runtime.machine import Entry
from schemas.entity import Authority, Entity
from schemas.finding import Stage
from schemas.identity import compose, derived_uid
from schemas.incident import Incident, Unmapped
from schemas.topics import INCIDENTS
from services.detect.correlate.core.engine import Found
from services.detect.correlate.core.verdict import Verdict, judge
from services.detect.correlate.incidents import Frame, alias_of, build
from services.detect.correlate.roles.cast import entities_of
from services.detect.correlate.roles.casting import Part
from services.detect.correlate.state import Known, Noticed, State

SETTLE_MS: Final = 2_000
PUBLISHED: Final = "published"


@dataclass(slots=True)
class Publication:
    """What one decision says."""

    entries: list[Entry] = field(default_factory=list)
    outputs: list[Message] = field(default_factory=list)

    def say(self, tenant: str, known: Known) -> None:
        """Say what ``known`` is now."""
        self.entries.append(Entry(PUBLISHED, known.uid, known.as_data()))
        value = known.incident.model_dump_json(exclude_none=True).encode()
        headers = {"version": str(known.incident.detail.version)}
        self.outputs.append(Message(INCIDENTS.name, tenant, compose(tenant, known.uid), value, headers))


def publish(state: State, groups: Iterable[Found], now: int) -> Publication:
    """Return what is to be said of ``groups``, oldest first."""
    desk = _Desk(state, now)
    judged = [(judge(found.group, state.tenant.thresholds), found) for found in groups if found.group is not None]
    speaking = [(verdict, found) for verdict, found in judged if verdict.observations and _speaks(state, verdict)]
    for verdict, found in sorted(speaking, key=lambda pair: _first(pair[0])):
        desk.publish(found, verdict)
    for _, found in judged:
        found.view.shed()
    return desk.said


def is_same(left: Incident, right: Incident) -> bool:
    """Whether two states of an incident say the same, versions and the time of saying aside."""
    return _content(left) == _content(right)


@dataclass(slots=True)
class _Desk:
    """One decision's publication. ``taken`` are the incidents that a group has claimed already."""

    state: State
    now: int
    said: Publication = field(default_factory=Publication)
    taken: set[str] = field(default_factory=set)

    def publish(self, found: Found, verdict: Verdict) -> None:
        evidence = {seen.uid for seen in verdict.observations}
        known, merged = self._claims(evidence)
        uid = known.uid if known is not None else self._notice(verdict, evidence)
        self.taken.update({uid, *(each.uid for each in merged)})
        self.state.work.speakers[uid] = found.number
        entities = self._entities(found, verdict, uid, known)
        if known is None and not self._may_open(verdict, uid):
            return
        assert found.group is not None
        found.told = True
        incident = build(self._frame(uid, known, merged), found.group, verdict, entities)
        self._say(Known(incident, known.opened if known else self.now, frozenset(evidence)), known, merged)

    def _frame(self, uid: str, known: Known | None, merged: list[Known]) -> Frame:
        tenant = self.state.tenant
        return Frame(
            uid=uid,
            tenant=tenant.slug,
            queue=tenant.queue or tenant.slug,
            version=known.incident.detail.version + 1 if known is not None else 1,
            now=self.now,
            status=known.incident.status_id if known is not None else 1,
            merged=_aliases(known, merged),
        )

    def _say(self, fresh: Known, known: Known | None, merged: list[Known]) -> None:
        slug, work = self.state.tenant.slug, self.state.work
        evidence = fresh.evidence.union(*(each.evidence for each in (*merged, *filter(None, (known,)))))
        if known is None or merged or not is_same(fresh.incident, known.incident):
            self.said.say(slug, Known(fresh.incident, fresh.opened, evidence))
            work.noticed.pop(fresh.uid, None)
            if known is None:
                work.own.add(fresh.uid)
        for younger in merged:
            alias = alias_of(younger.incident, fresh.uid, self.now)
            self.said.say(slug, Known(alias, younger.opened, younger.evidence))

    def _claims(self, evidence: set[str]) -> tuple[Known | None, list[Known]]:
        """Return the oldest incident that the evidence belongs to, and the younger ones that it unites with."""
        owners = {known.uid: known for uid in evidence if (known := self.state.owner_of(uid)) is not None}
        free = (known for known in owners.values() if known.uid not in self.taken)
        claimed = sorted(free, key=lambda known: (known.opened, known.uid))
        return (claimed[0], claimed[1:]) if claimed else (None, [])

    def _notice(self, verdict: Verdict, evidence: set[str]) -> str:
        """Return the id of the incident to be: it follows from the first finding that was committed to it."""
        for noticed in self.state.work.noticed.values():
            if noticed.evidence & evidence and noticed.uid not in self.state.incidents:
                noticed.evidence |= evidence
                return noticed.uid
        uid = derived_uid("incident", self.state.tenant.slug, verdict.observations[0].uid)
        self.state.work.noticed[uid] = Noticed(uid, set(evidence))
        return uid

    def _may_open(self, verdict: Verdict, uid: str) -> bool:
        """Whether the incident may be published: at once where it acts, a moment later where it only proposes."""
        acts = verdict.authority is Authority.ACT or verdict.stage is Stage.CONTAIN
        return acts or self._is_over((uid, ""))

    def _is_over(self, wait: tuple[str, str]) -> bool:
        work = self.state.work
        return wait in work.over or self.now >= work.waits.setdefault(wait, self.now + SETTLE_MS)

    def _entities(self, found: Found, verdict: Verdict, uid: str, known: Known | None) -> tuple[Entity, ...]:
        assert found.group is not None
        before = {(entity.type, entity.id): entity for entity in known.incident.detail.entities} if known else {}

        def is_settled(part: Part) -> bool:
            told = before.get((part.type, part.name))
            settled = told is not None and told.authority is not Authority.NONE
            return settled or self._is_over((uid, f"{part.type}:{part.name}"))

        entities = entities_of(found.view, found.group, verdict, is_settled)
        self.state.work.engine.watch(found)
        if known is None or uid in self.state.work.own:
            return entities
        # published by an owner before us, who knew more than the look-back gives: what it said of an entity stays
        names = {(entity.type, entity.id) for entity in entities}
        kept = [entity for key, entity in before.items() if key not in names]
        return tuple(sorted((*entities, *kept), key=lambda entity: (entity.type, entity.id)))


def _speaks(state: State, verdict: Verdict) -> bool:
    if verdict.authority is not Authority.NONE or verdict.stage is Stage.CONTAIN:
        return True
    return any(state.owner_of(seen.uid) is not None for seen in verdict.observations)


def _first(verdict: Verdict) -> tuple[int, str]:
    first = verdict.observations[0]
    return first.time, first.uid


def _aliases(known: Known | None, merged: list[Known]) -> tuple[str, ...]:
    before = known.incident.detail.merged if known is not None else ()
    return tuple(sorted({*before, *(alias for each in merged for alias in (each.uid, *each.incident.detail.merged))}))


def _content(incident: Incident) -> Incident:
    detail = incident.detail.model_copy(update={"version": 0})
    update = {"time": 0, "activity_id": 1, "type_uid": 200501, "unmapped": Unmapped(stanch=detail)}
    return incident.model_copy(update=update)
