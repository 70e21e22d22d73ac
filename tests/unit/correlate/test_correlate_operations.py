"""Findings about the watching itself are no attack: they join no incident, count for no rule, and contain nothing."""

from runtime.log import Received
from runtime.machine import Tick
from schemas.finding import Finding, FindingDetail, FindingInfo, Kind, Level, Metadata, Stage, Unmapped
from services.detect.correlate.machine import CorrelateMachine
from services.detect.correlate.state import State

NOW = 1_760_000_000_000


def finding(kind: Kind) -> Finding:
    """One that a naive reader would contain at once: its stage is `contain`, and it names an address."""
    detail = FindingDetail(
        kind=kind, level=Level.CRITICAL, stage=Stage.CONTAIN, event_uid="e", event_kind="k", event_source="s",
        matched={"src_ip": "203.0.113.9"},
    )  # fmt: skip
    info = FindingInfo(uid="f", title="Anything")
    return Finding(severity_id=5, time=NOW, metadata=Metadata(tenant_uid="acme"), finding_info=info,
                   unmapped=Unmapped(stanch=detail))  # fmt: skip


class Counter:
    """Stands where the tenant's correlation rules are, and remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[Finding] = []

    def observe(self, finding: Finding, now: int) -> tuple[Finding, ...]:  # noqa: ARG002 # a Counter by its shape
        self.seen.append(finding)
        return ()


def decided(kind: Kind) -> tuple[State, Counter, int]:
    counter = Counter()
    machine = CorrelateMachine({}, (), lambda _: counter)
    state = machine.fresh("acme")
    value = finding(kind).model_dump_json().encode()
    machine.decide(state, Received("findings", 0, 0, "acme", "k", value, {}, NOW), NOW)
    deadline = machine.deadline(state)
    outputs = 0
    while deadline is not None and outputs == 0:
        outputs += len(machine.decide(state, Tick(), deadline).outputs)
        deadline = machine.deadline(state)
    return state, counter, outputs


def test_an_attack_becomes_an_incident() -> None:
    _, counter, outputs = decided(Kind.SECURITY)
    assert (len(counter.seen), outputs) == (1, 1)


def test_the_same_of_the_operations_kind_becomes_nothing() -> None:
    state, counter, outputs = decided(Kind.OPERATIONS)
    assert (counter.seen, outputs, state.work.taken) == ([], 0, {})
    assert not state.work.engine.is_due


def test_a_finding_that_names_no_kind_is_of_the_security_kind() -> None:
    detail = {"level": "low", "event_uid": "e", "event_kind": "k", "event_source": "s"}
    assert FindingDetail.model_validate(detail).kind is Kind.SECURITY
