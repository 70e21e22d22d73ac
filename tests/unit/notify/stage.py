"""A stage for notify's machine: inputs in, time in the test's hand, everything that comes out kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from runtime.log import Received
from runtime.machine import Action, Given, Outcome, Tick
from schemas.control import Control
from schemas.decision import Decision, Verb
from schemas.entity import Authority, Entity, EntityType, Role
from schemas.finding import FindingInfo, Metadata
from schemas.hold import Hold, HoldState, Target
from schemas.identity import derived_uid
from schemas.incident import Group, Incident, IncidentDetail, TimelineItem, Unmapped
from schemas.notification import Notification
from schemas.tenant import Contact
from schemas.topics import DECISIONS, HOLDS, INCIDENTS
from services.notify.channels.terminal import CHANNEL as TERMINAL
from services.notify.core import NotifyMachine, State, Timings

START = 1_767_907_714_017
SECOND = 1_000
ON_CALL = Contact(channel="terminal", address="stdout")
SECOND_LINE = Contact(channel="terminal", address="stderr")


def incident(
    number: int = 1,
    *,
    tenant: str = "acme",
    version: int = 1,
    severity: int = 5,
    authority: Authority = Authority.ACT,
    status: int = 1,
    taken: Sequence[str] = ("WKS07",),
    spared: Sequence[str] = ("DC01",),
    merged_into: int | None = None,
    story: str = "A hidden script read the credential store.",
) -> Incident:
    entities = [_entity(name, Role.ATTACKER_CONTROLLED, "the script ran here") for name in taken]
    entities += [_entity(name, Role.TARGET, "a domain controller is never isolated") for name in spared]
    return Incident.model_validate(
        {
            "activity_id": 2, "type_uid": 200502, "severity_id": severity, "confidence_score": 90, "status_id": status,
            "time": START, "start_time": START - 90 * SECOND, "end_time": START, "assignee_group": Group(name=tenant),
            "metadata": Metadata(tenant_uid=tenant, uid=uid_of(number, tenant)),
            "finding_info_list": (FindingInfo(uid="f-1", title="Credential store read"),), "desc": story,
            "unmapped": Unmapped(
                stanch=IncidentDetail(
                    version=version, authority=authority, score=90, entities=tuple(entities), newest_evidence=START,
                    timeline=(TimelineItem(time=START, title="Credential store read", entity="WKS07", uid="f-1"),),
                    advice=("Was it you? Ask the owner of WKS07.",),
                    merged_into=uid_of(merged_into, tenant) if merged_into else None,
                )
            ),
        }
    )  # fmt: skip


def hold(
    state: HoldState,
    number: int = 1,
    *,
    tenant: str = "acme",
    of: int = 1,
    target: str = "WKS07",
    control: Control = Control.NETWORK_ISOLATION,
    kind: EntityType = EntityType.HOST,
) -> Hold:
    return Hold(
        uid=f"hold-{tenant}-{number}", tenant=tenant, control=control, target=Target(type=kind, id=target),
        incident=uid_of(of, tenant), playbook="contain_host", state=state, reason="severity is critical",
        created_at=START, expires_at=START + 4 * 3_600 * SECOND,
    )  # fmt: skip


def decision(verb: Verb, subject: str, *, tenant: str = "acme", by: str = "human:anna") -> Decision:
    return Decision(uid=derived_uid("d", subject, verb), tenant=tenant, verb=verb, subject=subject, by=by, at=START)


def uid_of(number: int, tenant: str = "acme") -> str:
    return f"incident-{tenant}-{number}"


def received(model: Incident | Hold | Decision, tenant: str | None = None) -> Received:
    topic = {Incident: INCIDENTS, Hold: HOLDS, Decision: DECISIONS}[type(model)].name
    value = model.model_dump_json().encode()
    return Received(topic, 0, 0, tenant or model.tenant, "key", value, {}, START)


def _entity(name: str, role: Role, why: str) -> Entity:
    return Entity(type=EntityType.HOST, id=name, role=role, why=why, since=START, last=START)


class Stage:
    """Plays the runner: decides, folds what a ledger would give back, and keeps outputs and actions."""

    def __init__(
        self,
        contacts: Mapping[str, Sequence[Contact]] | None = None,
        tenant: str = "acme",
        timings: Timings | None = None,
    ) -> None:
        contacts = {"acme": (ON_CALL,), "globex": (ON_CALL,)} if contacts is None else contacts
        self.machine = NotifyMachine(contacts, {"terminal": TERMINAL.render}, timings)
        self.state: State = self.machine.fresh(tenant)
        self.now = START
        self.published: list[Notification] = []
        self.asked: list[Action] = []
        self.provider_is_up = True

    def give(self, given: Given) -> list[Action]:
        """Decide and fold; return the actions that were asked for."""
        step = self.machine.decide(self.state, given, self.now)
        for entry in step.entries:
            data = orjson.loads(orjson.dumps(entry.data))
            self.state = self.machine.fold(self.state, type(entry)(entry.kind, entry.key, data))
        self.published += [Notification.model_validate_json(message.value) for message in step.outputs]
        self.asked += step.actions
        return list(step.actions)

    def tell(self, *models: Incident | Hold | Decision) -> None:
        """Give inputs, and let the provider answer what comes of them."""
        for model in models:
            self.perform(self.give(received(model)))

    def perform(self, actions: Sequence[Action]) -> None:
        """Let the provider answer, and what follows from that."""
        for action in actions:
            answer = (
                {"result": "accepted", "reason": "HTTP 204"}
                if self.provider_is_up
                else {"result": "unavailable", "reason": "HTTP 500"}
            )
            self.perform(self.give(Outcome(action.uid, answer)))

    def wait(self, seconds: float) -> None:
        """Let time pass; deadlines fire in order."""
        end = self.now + round(seconds * SECOND)
        while (due := self.machine.deadline(self.state)) is not None and due <= end:
            self.now = max(self.now, due)
            self.perform(self.give(Tick()))
        self.now = end

    def restart(self) -> None:
        """Lose the process: only what the snapshot holds is known to the next one, which takes over."""
        snapshot: Mapping[str, Any] = orjson.loads(orjson.dumps(self.machine.snapshot(self.state)))
        self.state = self.machine.restore(self.state.tenant, snapshot)

    def accepted(self) -> list[Notification]:
        """What people were told, in order."""
        return [one for one in self.published if one.state == "accepted"]

    def lines(self) -> list[tuple[int, str]]:
        """Sequence and cause of what people were told."""
        return [(one.sequence, one.cause) for one in self.accepted()]

    def silences(self) -> list[str]:
        """Why people were not told."""
        return [one.reason for one in self.published if one.state == "suppressed"]
