"""Somebody guesses passwords over SSH: who is what, how soon it is said, and what the configuration may change."""

import pytest

from runtime.log import Received
from runtime.machine import Tick
from schemas.entity import Authority, Entity, EntityType, Role
from schemas.fact import CredentialUsed, Fact, SessionOpened, encode
from schemas.finding import Analytic, Evidence, Finding, FindingDetail, FindingInfo, Level, Metadata, Stage, Unmapped
from schemas.incident import Incident
from schemas.tenant import Tenant
from schemas.topics import FACTS, FINDINGS
from services.detect.correlate.machine import GATHER_MS, CorrelateMachine
from services.detect.correlate.publish import SETTLE_MS
from services.detect.correlate.settings import Settings
from services.detect.correlate.sigma_correlation.correlator import Correlator
from services.detect.correlate.sigma_correlation.load import load_correlations
from services.detect.correlate.state import State
from tests.correlate_harness import TENANT, evidences

PUBLIC, PRIVATE = "203.0.113.9", "192.168.7.9"
REFUSED = "6bd7eae2-b205-4970-b706-4c8b45e158dc"
T0 = 1_700_000_100_000
ACCOUNT = "WEB01\\root"


class Desk:
    """correlate with the product's own correlation rules, and what it has said."""

    def __init__(self, stages: dict[str, Stage] | None = None, **tenant: object) -> None:
        rules = load_correlations(Settings().directories, stages).rules
        known = Tenant.model_validate({"slug": TENANT, **tenant})
        self.machine = CorrelateMachine({TENANT: known}, evidences(), lambda slug: Correlator(slug, rules))
        self.state: State = self.machine.fresh(TENANT)
        self.now = T0
        self.said: list[Incident] = []

    def give(self, given: Received | Tick) -> None:
        step = self.machine.decide(self.state, given, self.now)
        for entry in step.entries:
            self.machine.fold(self.state, entry)
        self.said += [Incident.model_validate_json(output.value) for output in step.outputs]

    def guess(self, count: int, source: str) -> None:
        """So many refused passwords, one a second, each with its fact and its finding."""
        for number in range(count):
            self.now += 1000
            event = f"e{self.now}-{number}"
            self.fact(CredentialUsed(
                time=self.now, host="WEB01", event=event, method="failure", account=ACCOUNT, client=source
            ))  # fmt: skip
            self.give(_received(FINDINGS.name, _refused(event, self.now, source).model_dump_json().encode()))

    def fact(self, fact: Fact) -> None:
        self.give(_received(FACTS.name, encode(fact)))

    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds
        self.give(Tick())

    def entity(self, kind: EntityType, name: str) -> Entity | None:
        """What was said of it last."""
        entities = self.said[-1].detail.entities if self.said else ()
        return next((one for one in entities if (one.type, one.id) == (kind, name)), None)


def _received(topic: str, value: bytes) -> Received:
    return Received(topic, 0, 0, TENANT, "", value, {}, 0)


def _refused(event: str, time: int, source: str) -> Finding:
    native = {"host": "WEB01", "user": "root", "source_ip": source, "source_port": 40_000, "program": "sshd"}
    return Finding(
        severity_id=1,
        time=time,
        metadata=Metadata(tenant_uid=TENANT, uid=f"f-{event}"),
        finding_info=FindingInfo(uid=f"f-{event}", title="refused", analytic=Analytic(uid=REFUSED, name="refused")),
        evidences=(Evidence(data=native),),
        unmapped=Unmapped(
            stanch=FindingDetail(
                level=Level.INFORMATIONAL, stage=Stage.OBSERVE, event_uid=event, event_kind="sshd/failed",
                event_source="sshd_syslog",
            )
        ),
    )  # fmt: skip


def test_a_public_address_may_be_blocked_at_once() -> None:
    desk = Desk()
    desk.guess(10, PUBLIC)
    desk.wait(GATHER_MS)
    found = desk.entity(EntityType.ADDRESS, PUBLIC)
    assert found is not None
    assert (found.role, found.authority) == (Role.ATTACKER_CONTROLLED, Authority.ACT)


def test_nine_refusals_are_a_person_who_mistypes() -> None:
    desk = Desk()
    desk.guess(9, PUBLIC)
    desk.wait(SETTLE_MS)
    assert desk.said == []


def test_a_private_address_waits_for_the_sensor_that_may_say_whose_it_is() -> None:
    desk = Desk()
    desk.guess(10, PRIVATE)
    desk.wait(GATHER_MS)
    first = desk.entity(EntityType.ADDRESS, PRIVATE)
    assert first is not None
    assert first.authority is Authority.NONE
    assert "waiting a moment" in first.why


def test_an_address_of_the_inventory_is_nobodys_to_block() -> None:
    desk = Desk(networks=["203.0.113.0/24"])
    desk.guess(12, PUBLIC)
    desk.wait(SETTLE_MS)
    found = desk.entity(EntityType.ADDRESS, PUBLIC)
    assert found is not None
    assert (found.role, found.authority) == (Role.INFRASTRUCTURE, Authority.NONE)
    assert found.why == "the inventory holds it as the tenant's own"


@pytest.mark.parametrize("name", ["sshd_guessing", "a21126cf-4629-42e8-b514-000ffb1154d8", "SSH Passwords Are Guessed"])
def test_the_configuration_says_what_a_correlation_may_lead_to(name: str) -> None:
    desk = Desk({name: Stage.ALERT})
    desk.guess(12, PUBLIC)
    desk.wait(SETTLE_MS)
    assert desk.said == []


def test_who_logs_on_afterwards_from_there_is_named_but_left_to_people() -> None:
    desk = Desk()
    desk.guess(12, PUBLIC)
    desk.now += 1000
    desk.fact(SessionOpened(
        time=desk.now, host="WEB01", event="in", session="sshd:1", account=ACCOUNT, kind="network", client=PUBLIC
    ))  # fmt: skip
    desk.wait(SETTLE_MS)
    found = desk.entity(EntityType.ACCOUNT, ACCOUNT)
    assert found is not None
    assert (found.role, found.authority) == (Role.ATTACKER_CONTROLLED, Authority.NONE), (
        "the rule names the address alone"
    )
    assert "after its password was guessed at" in found.why
    assert "Logon after guessing" in desk.said[-1].detail.rules
