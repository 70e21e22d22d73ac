"""What respond publishes and takes in, against the contracts: OCSF's compiled schema, and the examples in schemas/."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.decision import Decision
from schemas.entity import Entity
from schemas.hold import Hold, HoldState
from schemas.mode import ModeChange
from schemas.remediation import Remediation
from tests.contract.ingest.ocsf_schema import faults_of
from tests.unit.respond.bench import Bench
from tests.unit.respond.incidents import TENANT, account, address, host, incident, received

EXAMPLES = Path(__file__).resolve().parents[3] / "schemas" / "examples"


def examples(topic: str) -> list[dict[str, Any]]:
    """The examples of a topic."""
    found: list[dict[str, Any]] = orjson.loads((EXAMPLES / f"{topic}.json").read_bytes())
    return found


@pytest.mark.parametrize("entity", [host(), account(), address(), address("2001:db8::7")], ids=lambda one: one.id)
def test_each_audit_event_is_valid_ocsf(entity: Entity) -> None:
    bench = Bench()
    bench.give(received("incidents", incident(entity)))
    bench.go_on()
    published = bench.remediations()
    assert len(published) == 2
    for one in published:
        assert faults_of(one) == []
        assert one["command_uid"] == one["unmapped"]["stanch"]["command"]["command_id"]


def test_apply_and_release_have_commands_and_audit_events_of_their_own() -> None:
    bench = Bench()
    bench.give(received("incidents", incident(host())))
    bench.go_on()
    assert len({one["command_uid"] for one in bench.remediations()}) == 2
    assert len({one["metadata"]["uid"] for one in bench.remediations()}) == 2


@pytest.mark.parametrize("one", examples("holds"), ids=lambda one: f"{one['target']['id']}-{one['state']}")
def test_examples_of_holds_keep_the_contract(one: dict[str, Any]) -> None:
    hold = Hold.model_validate(one)
    undecided = hold.state in (HoldState.AWAITING_APPROVAL, HoldState.OBSERVED)
    assert not undecided or (hold.expires_at, hold.applied_at, hold.command_uid) == (None, None, None)
    assert (hold.digest is not None) == (hold.state is HoldState.AWAITING_APPROVAL)


@pytest.mark.parametrize("one", examples("remediations"), ids=lambda one: str(one["type_uid"]))
def test_examples_of_remediations_keep_the_contract(one: dict[str, Any]) -> None:
    assert Remediation.model_validate(one).command_uid == one["command_uid"]
    assert faults_of(one) == []


def test_examples_of_decisions_and_modes_are_taken_in() -> None:
    bench = Bench()
    for one in examples("decisions"):
        bench.give(received("decisions", Decision.model_validate(one)))
    for one in examples("modes"):
        bench.give(received("modes", ModeChange.model_validate(one)))
    assert bench.state.modes


def test_a_hold_is_keyed_by_tenant_and_uid_so_that_the_newest_survives_compaction() -> None:
    bench = Bench()
    bench.give(received("incidents", incident(host())))
    bench.go_on()
    holds = [message for message in bench.outputs if message.topic == "holds"]
    assert len(holds) > 2
    assert len({message.key for message in holds}) == 1
    assert {message.tenant for message in holds} == {TENANT}
