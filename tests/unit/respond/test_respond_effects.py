"""The way of one effect: look, intend, send, verify, release; and every way in which that goes wrong."""

from dataclasses import replace

import pytest

from runtime.machine import Outcome, Tick
from schemas.control import Control
from schemas.hold import HoldState
from schemas.times import MINUTE
from services.respond.core import Timings
from services.respond.core.records import Phase
from services.respond.ports.aims import ControlSpec
from tests.unit.respond.bench import EDR, Bench, FakeProduct, states
from tests.unit.respond.incidents import START, address, host, incident, received

HOLD_MINUTES = 240


def contained(product: FakeProduct | None = None) -> Bench:
    """A bench with one machine whose containment has been wished for, and nothing done yet."""
    bench = Bench(product)
    bench.give(received("incidents", incident(host())))
    return bench


class TestTheGoodWay:
    def test_a_hold_is_applied_verified_and_released_in_time(self) -> None:
        bench = contained()
        bench.go_on()
        hold = bench.hold()
        assert states(bench) == [HoldState.PENDING, HoldState.ACTIVE, HoldState.VERIFIED, HoldState.RELEASED]
        assert hold.expires_at == START + HOLD_MINUTES * MINUTE
        assert hold.released_at == hold.expires_at
        assert hold.applied_at is not None
        assert hold.verified_at is not None
        assert hold.applied_at <= hold.verified_at
        assert (bench.transitions("apply"), bench.transitions("release")) == (1, 1)

    def test_the_product_is_looked_at_before_anything_is_sent(self) -> None:
        bench = contained()
        assert [action.kind for action in bench.actions] == ["reconcile"]
        bench.perform()
        assert [action.kind for action in bench.actions] == ["apply"]
        assert bench.lane().effect is not None

    def test_the_reason_quotes_the_clause_and_the_entity(self) -> None:
        hold = contained().hold()
        assert "contain_host: type is host and role is attacker_controlled" in hold.reason
        assert "severity is at least 3 (4)" in hold.reason
        assert "WKS01 is attacker_controlled" in hold.reason
        assert hold.decided_by == "policy:contain_host"

    def test_an_order_that_takes_time_is_polled_to_its_end(self) -> None:
        bench = contained(FakeProduct(asynchronous=True))
        bench.go_on()
        assert bench.hold().state is HoldState.RELEASED
        assert bench.transitions("apply") == 1

    def test_each_effect_leaves_an_audit_event(self) -> None:
        bench = contained()
        bench.go_on()
        applied, released = bench.remediations()
        assert (applied["type_uid"], released["type_uid"]) == (700101, 700103)
        assert applied["command_uid"] == bench.hold().command_uid
        assert applied["unmapped"]["stanch"]["command"]["action"] == "contain"
        assert applied["countermeasures"] == [{"d3f_technique": {"uid": "D3-NI"}}]
        assert applied["unmapped"]["stanch"]["evidence"]["verdict"] == "holds"


class TestUnknownOutcomes:
    @pytest.mark.parametrize("names_owner", [True, False])
    def test_a_lost_answer_is_followed_by_a_look_and_not_by_a_second_call(self, names_owner: bool) -> None:
        bench = contained(FakeProduct(names_owner=names_owner))
        bench.perform()
        bench.perform("lost")
        effect = bench.lane().effect
        assert effect is not None
        assert effect.phase is Phase.OUTCOME_UNKNOWN
        assert effect.due == (effect.dispatch_deadline or 0) + Timings().http_timeout
        bench.go_on()
        assert bench.transitions("apply") == 1
        assert bench.hold().state is HoldState.RELEASED

    def test_reads_that_lag_are_given_time_before_another_attempt(self) -> None:
        bench = contained()
        bench.perform()
        action = bench.actions.pop(0)
        bench.give(Outcome(action.uid, {"result": "unknown", "why": "reset"}))
        effect = bench.lane().effect
        assert effect is not None
        bench.now = (effect.intent_at or 0) + 4_000
        bench.give(Tick())
        assert not bench.actions, "it looked before the deadline and the time-out had passed"
        bench.go_on(START + MINUTE)
        assert bench.transitions("apply") == 1
        assert bench.lane().effect.attempt == 2  # type: ignore[union-attr]

    def test_a_call_that_shows_late_is_waited_for_as_long_as_the_product_may_need(self) -> None:
        slow = replace(EDR, specs={Control.NETWORK_ISOLATION: ControlSpec(read_lag=60_000)})
        bench = Bench(FakeProduct(hidden=True), enforcers=(slow,))
        bench.give(received("incidents", incident(host())))
        bench.perform()
        bench.perform("lost")
        bench.go_on(START + 50_000)
        bench.product.hidden = False
        bench.go_on(START + 2 * MINUTE)
        assert bench.hold().state is HoldState.VERIFIED
        assert bench.transitions("apply") == 1

    def test_after_a_crash_reads_are_asked_for_at_once_and_a_call_is_left_to_its_deadline(self) -> None:
        bench = contained()
        bench.crash()
        assert [action.kind for action in bench.actions] == ["reconcile"]
        bench.perform()
        bench.crash()
        assert bench.actions == []
        assert bench.machine.deadline(bench.state) == START + Timings().dispatch + Timings().http_timeout

    def test_a_call_that_never_left_is_tried_again(self) -> None:
        bench = contained()
        bench.perform()
        bench.perform("not_sent")
        bench.go_on(START + MINUTE)
        assert bench.hold().state is HoldState.VERIFIED
        assert bench.transitions("apply") == 1

    def test_too_many_requests_waits_as_long_as_the_product_says(self) -> None:
        bench = contained()
        bench.perform()
        bench.perform("later")
        assert bench.machine.deadline(bench.state) == START + 3_000
        bench.go_on(START + MINUTE)
        assert bench.hold().state is HoldState.VERIFIED


class TestWhatIsAlreadyThere:
    def test_what_somebody_else_put_in_place_is_never_undone(self) -> None:
        bench = contained()
        lane = next(iter(bench.state.lanes))
        bench.product.thing(lane).applied, bench.product.thing(lane).owner = True, "somebody"
        bench.go_on()
        assert bench.product.transitions == []
        assert bench.product.thing(lane).applied
        assert bench.lane().effect.phase is Phase.EFFECTIVE_FOREIGN  # type: ignore[union-attr]
        assert bench.hold().state is HoldState.RELEASED
        assert bench.hold().command_uid is None

    def test_a_foreign_change_after_ours_goes_to_a_human(self) -> None:
        bench = contained()
        bench.go_on(START + MINUTE)
        bench.product.thing(bench.lane().key).owner = "somebody"
        bench.go_on()
        assert bench.transitions("release") == 0
        assert bench.hold().state is HoldState.MANUAL

    def test_an_order_of_somebody_else_under_way_is_followed(self) -> None:
        bench = contained()
        bench.product.thing(next(iter(bench.state.lanes))).order = ("apply", "theirs", "h-1")
        bench.perform()
        assert bench.actions[0].kind == "poll"
        bench.go_on()
        assert bench.product.transitions == []

    def test_what_was_undone_behind_our_back_needs_no_release(self) -> None:
        bench = contained()
        bench.go_on(START + MINUTE)
        bench.product.thing(bench.lane().key).applied = False
        bench.go_on()
        assert bench.transitions("release") == 0
        assert bench.hold().state is HoldState.RELEASED


class TestThatItDoesNotHelp:
    def test_evidence_against_it_makes_it_ineffective(self) -> None:
        bench = contained(FakeProduct(evidence="contradicts"))
        bench.go_on(START + 10 * MINUTE)
        hold = bench.hold()
        assert hold.state is HoldState.INEFFECTIVE
        assert hold.verified_at is None
        assert "evidence says it is not" in hold.reason
        bench.go_on()
        assert bench.hold().state is HoldState.RELEASED

    def test_no_evidence_leaves_it_active_and_unverified(self) -> None:
        bench = contained(FakeProduct(evidence="inconclusive"))
        bench.go_on(START + 10 * MINUTE)
        assert bench.hold().state is HoldState.ACTIVE

    def test_an_order_that_never_ends_goes_to_a_human(self) -> None:
        bench = contained(FakeProduct(asynchronous=True))
        while bench.hold().state is HoldState.PENDING:
            if bench.actions:
                bench.perform()
            else:
                bench.now = bench.machine.deadline(bench.state) or bench.now
                bench.give(Tick())
        assert bench.hold().state is HoldState.MANUAL
        assert bench.transitions("apply") == 1
        assert bench.now <= START + 20 * MINUTE

    def test_several_objects_of_one_name_are_refused_with_their_ids(self) -> None:
        bench = contained(FakeProduct(candidates=("a1", "b2")))
        bench.go_on()
        hold = bench.hold()
        assert hold.state is HoldState.DENIED
        assert hold.decided_by == "policy:unique_resolution"
        assert "a1, b2" in hold.reason
        assert bench.product.transitions == []

    def test_a_target_that_no_product_knows_awaits_approval(self) -> None:
        bench = contained(FakeProduct(candidates=()))
        bench.go_on()
        hold = bench.hold()
        assert hold.state is HoldState.AWAITING_APPROVAL
        assert "no connector of the tenant can enforce host.network_isolation" in hold.reason
        assert (hold.decided_by, hold.command_uid, hold.expires_at) == (None, None, None)


class TestWhichProduct:
    def test_a_product_that_takes_no_private_address_leaves_it_to_the_next(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(address("10.9.9.9"), address("203.0.113.7"))))
        assert {hold.target.id: hold.connector for hold in bench.holds().values()} == {
            "10.9.9.9": "firewall",
            "203.0.113.7": "edr",
        }

    def test_without_another_product_it_awaits_approval_with_the_reason(self) -> None:
        bench = Bench(enforcers=(EDR,))
        bench.give(received("incidents", incident(address("10.9.9.9"))))
        hold = bench.hold()
        assert hold.state is HoldState.AWAITING_APPROVAL
        assert "edr: it takes public addresses only" in hold.reason

    def test_a_product_that_refuses_for_good_is_followed_by_the_next(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(address())))
        bench.perform()
        bench.perform("permanent")
        assert bench.hold().connector == "firewall"
        bench.go_on()
        assert bench.hold().state is HoldState.RELEASED

    def test_the_products_own_expiry_lies_a_little_after_ours(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(address())))
        bench.perform()
        hold = bench.hold()
        assert bench.actions[0].data["until"] == (hold.expires_at or 0) + Timings().native_margin
