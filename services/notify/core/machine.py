"""The decisions of notify: one message per incident, updated and not repeated, and an outbox that loses nothing."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from pydantic import ValidationError

from runtime.errors import Rejected
from runtime.log import Received
from runtime.machine import Entry, Given, Outcome, Step, Tick
from schemas.decision import Decision, Verb
from schemas.hold import Hold
from schemas.incident import Incident
from schemas.tenant import Contact
from schemas.topics import DECISIONS, HOLDS, INCIDENTS
from services.notify.core.draft import Draft
from services.notify.core.outbox import dispatch, resend, settle
from services.notify.core.speaking import Speaker, note_silence
from services.notify.core.state import Gist, State, Thread, face_of, gist_of, is_final, note_of, plain_json
from services.notify.core.timing import Haste, Timings, first_due, haste_of_face, haste_of_hold, next_due
from services.notify.core.transitions import evolve
from services.notify.ports import Renderers

MOST_THREADS = 2_000

ModelT = TypeVar("ModelT", Incident, Hold, Decision)


class NotifyMachine:
    """A ``runtime.machine.Machine``: pure, one state per tenant."""

    def __init__(
        self,
        contacts: Mapping[str, Sequence[Contact]],
        renderers: Renderers,
        timings: Timings | None = None,
        minimum_severity: int = 3,
    ) -> None:
        self._timings = timings or Timings()
        self._speaker = Speaker(contacts, renderers, minimum_severity)

    def fresh(self, tenant: str) -> State:
        """Return the state of a tenant of which nothing is known."""
        return State(tenant)

    def decide(self, state: State, given: Given, now: int) -> Step:
        """Return what ``given`` leads to.

        Raises:
            Rejected: it is no incident, hold or decision of this tenant.
        """
        draft = Draft(state, now)
        match given:
            case Tick():
                self._tick(draft, state, resumed=given.resumed)
            case Outcome():
                self._outcome(draft, state, given)
            case Received():
                self._receive(draft, state, given)
        return draft.step()

    def fold(self, state: State, entry: Entry) -> State:
        """Return the state after ``entry``."""
        thread = evolve(state.threads.get(entry.key), entry)
        if thread is None:
            state.drop(entry.key)
        else:
            state.put(thread)
        return state

    def deadline(self, state: State) -> int | None:
        """Return when the next message or retry is due."""
        return min(state.wakes.values(), default=None)

    def snapshot(self, state: State) -> Mapping[str, Any]:
        """Return the state as JSON."""
        return {"threads": [plain_json(thread) for _, thread in sorted(state.threads.items())]}

    def restore(self, tenant: str, data: Mapping[str, Any]) -> State:
        """Return the state that ``snapshot`` wrote."""
        state = State(tenant)
        for thread in msgspec.convert(data["threads"], list[Thread]):
            state.put(thread)
        return state

    def _tick(self, draft: Draft, state: State, *, resumed: bool) -> None:
        if resumed:
            for uid in sorted(set(state.open.values())):
                resend(draft, state.threads[uid])
        for uid in sorted(uid for uid, wakes in state.wakes.items() if wakes <= draft.now):
            self._speak_if_due(draft, uid)

    def _outcome(self, draft: Draft, state: State, outcome: Outcome) -> None:
        thread = state.threads.get(state.open.get(outcome.action, ""))
        delivery = next((one for one in thread.outbox if one.uid == outcome.action), None) if thread else None
        if thread and delivery and delivery.sent:
            settle(draft, thread, delivery, outcome.data, self._timings)

    def _receive(self, draft: Draft, state: State, received: Received) -> None:
        match received.topic:
            case INCIDENTS.name:
                self._incident(draft, _parse(Incident, received, state))
            case HOLDS.name:
                self._hold(draft, _parse(Hold, received, state))
            case DECISIONS.name:
                self._decision(draft, _parse(Decision, received, state))
        self._make_room(draft, state)

    def _incident(self, draft: Draft, incident: Incident) -> None:
        gist, thread = gist_of(incident), draft.thread(incident.uid)
        if thread and thread.gist and (gist == thread.gist or gist.version < thread.gist.version):
            return
        after = draft.write("incident", incident.uid, {"gist": plain_json(gist)})
        if gist.merged_into and gist.merged_into != incident.uid:
            self._merge(draft, incident.uid, gist)
        if after:
            haste = haste_of_face(after.told, face_of(after)) if after.told else Haste.QUICK
            self._changed(draft, after, haste)

    def _merge(self, draft: Draft, younger: str, gist: Gist) -> None:
        """Let the older incident take over what the younger one has led to."""
        older, source = _root(draft, gist.merged_into or ""), draft.thread(younger)
        if older == younger or source is None:
            return
        holds = [plain_json(note) for _, note in sorted(source.holds.items())]
        after = draft.write("adopted", older, {"younger": younger, "holds": holds})
        if after:
            self._changed(draft, after, Haste.QUICK)

    def _hold(self, draft: Draft, hold: Hold) -> None:
        uid = _root(draft, hold.incident)
        note, thread = note_of(hold), draft.thread(uid)
        known = thread.holds.get(hold.uid) if thread else None
        if known and (known == note or is_final(known)):
            return
        after = draft.write("hold", uid, {"hold": plain_json(note)})
        if after:
            self._changed(draft, after, haste_of_hold(note, after))

    def _decision(self, draft: Draft, decision: Decision) -> None:
        thread = draft.thread(decision.subject)
        if decision.verb is not Verb.ACK or thread is None or thread.acknowledged_by == decision.by:
            return
        reason = f"acknowledged by {decision.by}: nobody else needs to be told"
        draft.write("acknowledged", thread.uid, {"by": decision.by})
        draft.write("noted", thread.uid, {"reason": reason})
        note_silence(draft, thread, reason)

    def _changed(self, draft: Draft, thread: Thread, haste: Haste) -> None:
        if thread.told is None:
            due, burst = first_due(thread, draft.now, self._timings), thread.burst
        else:
            due, burst = next_due(thread, haste, draft.now, self._timings)
        if (due, burst) != (thread.due, thread.burst):
            draft.write("due", thread.uid, {"due": due, "burst": burst})
        self._speak_if_due(draft, thread.uid)

    def _speak_if_due(self, draft: Draft, uid: str) -> None:
        thread = draft.thread(uid)
        if thread and thread.due is not None and thread.due <= draft.now:
            self._speaker.speak(draft, thread)
        dispatch(draft, uid)

    def _make_room(self, draft: Draft, state: State) -> None:
        """Forget the settled thread that was quiet for longest, where there are too many."""
        if len(state.threads) < MOST_THREADS:
            return
        settled = [
            thread for thread in state.threads.values() if thread.is_settled and draft.thread(thread.uid) is thread
        ]
        if settled:
            draft.write("forgotten", min(settled, key=lambda thread: (thread.touched, thread.uid)).uid, {})


def _parse(model: type[ModelT], received: Received, state: State) -> ModelT:
    try:
        parsed = model.model_validate_json(received.value)
    except ValidationError as error:
        raise Rejected(
            f"no {model.__name__.lower()}: {error.error_count()} errors, {error.errors()[0]['loc']}"
        ) from error
    if parsed.tenant != state.tenant:
        raise Rejected(f"it speaks of the tenant {parsed.tenant!r} and stands under {state.tenant!r}")
    return parsed


def _root(draft: Draft, uid: str) -> str:
    """Return the incident that ``uid`` has become part of, itself where none."""
    seen = {uid}
    while (thread := draft.thread(uid)) and thread.merged_into and thread.merged_into not in seen:
        uid = thread.merged_into
        seen.add(uid)
    return uid
