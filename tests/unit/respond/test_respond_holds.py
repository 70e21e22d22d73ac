"""Holds: who decides, what several incidents share, what a human says, and what the modes forbid."""

import pytest

from runtime.machine import Tick
from schemas.control import Control
from schemas.decision import Verb
from schemas.entity import AssetClass, Authority, Role
from schemas.hold import Hold, HoldState
from schemas.mode import Mode
from schemas.tenant import Tenant
from schemas.times import HOUR, MINUTE
from tests.unit.respond.bench import Bench
from tests.unit.respond.incidents import START, TENANT, account, address, decision, host, incident, mode, received

HOLD = 240 * MINUTE


def proposed() -> Bench:
    """A bench on which one containment waits for a human."""
    bench = Bench()
    bench.give(received("incidents", incident(host(authority=Authority.PROPOSE))))
    return bench


def say(bench: Bench, verb: Verb, hold: Hold, digest: str | None = None, by: str = "human:ana") -> None:
    """Let a human say something about a hold."""
    bench.give(received("decisions", decision(verb, hold.uid, digest, by), bench.now))


class TestWhoDecides:
    def test_evidence_for_a_proposal_waits_for_a_human_with_nothing_decided(self) -> None:
        bench = proposed()
        hold = bench.hold()
        assert hold.state is HoldState.AWAITING_APPROVAL
        assert (hold.decided_by, hold.command_uid, hold.expires_at, hold.applied_at) == (None, None, None, None)
        assert bench.machine.deadline(bench.state) is None, "a proposal must not be driven by time"

    def test_no_authority_no_hold(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host(authority=Authority.NONE))))
        assert bench.holds() == {}

    def test_more_evidence_turns_the_proposal_into_an_action(self) -> None:
        bench = proposed()
        bench.give(received("incidents", incident(host(authority=Authority.ACT, last=START + 1))))
        assert bench.hold().state is HoldState.PENDING
        assert bench.hold().decided_by == "policy:contain_host"

    def test_a_victim_is_never_held(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host(role=Role.VICTIM), account(role=Role.TARGET))))
        assert bench.holds() == {}

    def test_sessions_of_a_borrowed_token_always_wait_for_a_human(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(account(role=Role.UNKNOWN))))
        hold = bench.hold()
        assert (hold.control, hold.state) == (Control.SESSIONS_REVOKED, HoldState.AWAITING_APPROVAL)
        say(bench, Verb.APPROVE, hold, hold.digest)
        bench.go_on()
        assert bench.hold().state is HoldState.RELEASED
        assert (bench.transitions("apply"), bench.transitions("release")) == (1, 0), "an event has no undo"

    def test_a_tenant_without_configuration_is_only_observed(self) -> None:
        bench = Bench(tenant=Tenant(slug=TENANT))
        bench.give(received("incidents", incident(host())))
        assert bench.hold().state is HoldState.OBSERVED
        assert not bench.actions


class TestSeveralIncidents:
    def test_two_incidents_share_one_effect_and_the_last_lease_ends_it(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host(), uid="i-1")))
        bench.go_on(START + MINUTE)
        bench.now = START + HOUR
        bench.give(received("incidents", incident(host(last=START + HOUR), uid="i-2")))
        bench.go_on(START + HOLD + MINUTE)
        assert bench.transitions("apply") == 1
        assert bench.transitions("release") == 0, "the second incident still wants it"
        first = next(hold for hold in bench.state.holds.values() if hold.incident == "i-1")
        assert (first.state, first.released_at) == (HoldState.RELEASED, START + HOLD)
        bench.go_on()
        assert bench.transitions("release") == 1
        assert bench.now == START + HOUR + HOLD

    def test_a_longer_lease_is_told_to_a_product_that_ends_it_by_itself(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(address(), uid="i-1")))
        bench.go_on(START + MINUTE)
        first = bench.product.thing(bench.lane().key).until or 0
        bench.now = START + HOUR
        bench.give(received("incidents", incident(address(last=START + HOUR), uid="i-2")))
        bench.go_on(START + HOUR + MINUTE)
        assert bench.product.thing(bench.lane().key).until == first + HOUR
        assert bench.transitions("apply") == 1
        assert {hold.state for hold in bench.holds().values()} == {HoldState.VERIFIED}
        bench.go_on()
        assert bench.transitions("release") == 1

    def test_an_incident_that_became_an_alias_never_sends_again(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host(), uid="younger")))
        bench.go_on(START + MINUTE)
        bench.give(received("incidents", incident(host(), uid="older")))
        bench.give(received("incidents", incident(host(), uid="younger", merged_into="older")))
        bench.go_on()
        assert (bench.transitions("apply"), bench.transitions("release")) == (1, 1)

    def test_what_waited_for_an_alias_is_superseded(self) -> None:
        bench = proposed()
        bench.give(received("incidents", incident(host(), uid="i-1", merged_into="i-0")))
        assert bench.hold().state is HoldState.DENIED
        assert "merged into i-0" in bench.hold().reason

    def test_the_same_wish_again_is_counted_and_not_repeated(self) -> None:
        bench = Bench()
        for seconds in range(5):
            bench.give(received("incidents", incident(host(last=START + seconds))))
        bench.go_on(START + MINUTE)
        assert bench.transitions("apply") == 1
        assert bench.hold().suppressed_count == 4

    def test_an_intruder_who_comes_back_after_the_lease_is_contained_again(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host())))
        bench.go_on()
        bench.give(received("incidents", incident(host(last=START))))
        assert bench.transitions("apply") == 1, "old evidence does not contain again"
        bench.now += MINUTE
        bench.give(received("incidents", incident(host(last=bench.now))))
        bench.go_on()
        assert bench.transitions("apply") == 2
        assert len(bench.state.holds) == 2


class TestWhatAHumanSays:
    def test_an_approval_bears_the_digest_of_what_was_shown(self) -> None:
        bench = proposed()
        hold = bench.hold()
        say(bench, Verb.APPROVE, hold, "something else")
        assert bench.hold().state is HoldState.AWAITING_APPROVAL
        say(bench, Verb.APPROVE, hold, hold.digest)
        bench.go_on(START + MINUTE)
        assert bench.hold().state is HoldState.VERIFIED
        assert bench.hold().decided_by == "human:ana"

    def test_new_evidence_makes_an_old_approval_void(self) -> None:
        bench = proposed()
        shown = bench.hold()
        other = host(authority=Authority.PROPOSE, last=START + 1).model_copy(update={"why": "it is worse than thought"})
        bench.give(received("incidents", incident(other)))
        say(bench, Verb.APPROVE, bench.hold(), shown.digest)
        assert bench.hold().state is HoldState.AWAITING_APPROVAL

    def test_a_denial_stays(self) -> None:
        bench = proposed()
        say(bench, Verb.DENY, bench.hold())
        bench.give(received("incidents", incident(host(last=START + 1))))
        hold = bench.hold()
        assert (hold.state, hold.decided_by) == (HoldState.DENIED, "human:ana")

    def test_a_release_frees_at_once_and_the_same_incident_does_not_contain_again(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host())))
        bench.go_on(START + MINUTE)
        say(bench, Verb.RELEASE, bench.hold())
        bench.go_on(START + 2 * MINUTE)
        assert bench.hold().state is HoldState.RELEASED
        bench.give(received("incidents", incident(host(last=bench.now))))
        bench.go_on()
        assert bench.transitions("apply") == 1

    def test_a_wish_that_overtakes_a_release_is_proved_anew_without_a_call(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host(), uid="i-1")))
        bench.go_on(START + MINUTE)
        say(bench, Verb.RELEASE, bench.hold())
        bench.give(received("incidents", incident(host(), uid="i-2")))
        bench.go_on(START + 2 * MINUTE)
        states = {hold.incident: hold.state for hold in bench.state.holds.values()}
        assert states == {"i-1": HoldState.RELEASED, "i-2": HoldState.VERIFIED}
        assert (bench.transitions("apply"), bench.transitions("release")) == (1, 0)

    def test_a_release_that_was_overtaken_by_a_wish_that_ended_still_happens(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host(), uid="i-1")))
        bench.go_on(START + MINUTE)
        for uid in ("i-1", "i-2"):
            bench.give(received("incidents", incident(host(), uid=uid)))
            for hold in list(bench.state.holds):
                bench.give(received("decisions", decision(Verb.RELEASE, hold), bench.now))
        bench.go_on()
        assert (bench.transitions("apply"), bench.transitions("release")) == (1, 1)

    def test_a_release_before_anything_was_sent_sends_nothing(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host())))
        say(bench, Verb.RELEASE, bench.hold())
        bench.go_on()
        assert bench.product.transitions == []
        assert bench.hold().state is HoldState.DENIED

    def test_only_humans_decide(self) -> None:
        bench = proposed()
        hold = bench.hold()
        said = decision(Verb.APPROVE, hold.uid, hold.digest, by="robot")
        assert "no human" in bench.give_invalid(received("decisions", said))

    def test_what_concerns_an_incident_is_not_ours(self) -> None:
        bench = proposed()
        step = bench.give(received("decisions", decision(Verb.ACK, "i-1")))
        assert not step.entries


class TestModes:
    @pytest.mark.parametrize(
        ("value", "state"),
        [
            (Mode.APPROVE_ALL, HoldState.AWAITING_APPROVAL),
            (Mode.OBSERVE, HoldState.OBSERVED),
            (Mode.HALT, HoldState.DENIED),
            (Mode.HALT_ALL, HoldState.DENIED),
        ],
    )
    def test_the_lowest_mode_that_applies_wins(self, value: Mode, state: HoldState) -> None:
        bench = Bench()
        bench.give(received("modes", mode(value)))
        bench.give(received("incidents", incident(host())))
        assert bench.hold().state is state
        assert not bench.actions

    @pytest.mark.parametrize("scope", [{"control": "net.ip_block"}, {"connector": "firewall"}, {"tenant": "other"}])
    def test_a_mode_of_another_scope_does_not_apply(self, scope: dict[str, str]) -> None:
        bench = Bench()
        bench.give(received("modes", mode(Mode.HALT, scope=scope)))
        bench.give(received("incidents", incident(host())))
        assert bench.hold().state is HoldState.PENDING

    @pytest.mark.parametrize(
        "scope", [{"control": "host.network_isolation"}, {"connector": "edr"}, {"rule": "Encoded PowerShell"}]
    )
    def test_a_mode_of_this_control_product_or_rule_applies(self, scope: dict[str, str]) -> None:
        bench = Bench()
        bench.give(received("modes", mode(Mode.OBSERVE, scope=scope)))
        bench.give(received("incidents", incident(host())))
        assert bench.hold().state is HoldState.OBSERVED

    def test_the_mode_is_looked_at_again_just_before_the_intent(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host())))
        bench.give(received("modes", mode(Mode.HALT)))
        bench.go_on()
        assert bench.product.transitions == []
        assert "HALT" in bench.hold().reason

    def test_halt_still_releases(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host())))
        bench.go_on(START + MINUTE)
        bench.give(received("modes", mode(Mode.HALT)))
        bench.go_on()
        assert bench.hold().state is HoldState.RELEASED

    def test_halt_all_holds_timed_releases_back_but_not_a_human(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host())))
        bench.go_on(START + MINUTE)
        bench.give(received("modes", mode(Mode.HALT_ALL)))
        assert bench.machine.deadline(bench.state) is None
        bench.now = START + 2 * HOLD
        bench.give(Tick())
        assert bench.transitions("release") == 0
        say(bench, Verb.RELEASE, bench.hold())
        bench.go_on()
        assert bench.hold().state is HoldState.RELEASED

    def test_what_is_overdue_is_released_when_the_halt_ends(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host())))
        bench.go_on(START + MINUTE)
        bench.give(received("modes", mode(Mode.HALT_ALL)))
        bench.now = START + 2 * HOLD
        bench.give(received("modes", mode(Mode.ARMED, at=START + 1)))
        assert bench.machine.deadline(bench.state) == START + HOLD
        bench.go_on()
        assert bench.hold().state is HoldState.RELEASED

    def test_a_mode_that_cannot_be_read_means_hands_off_until_one_can(self) -> None:
        bench = Bench()
        bench.give(received("modes", b"{nonsense"))
        bench.give(received("incidents", incident(host())))
        assert bench.hold().state is HoldState.OBSERVED
        bench.give(received("modes", mode(Mode.ARMED)))
        bench.give(received("incidents", incident(host(last=START + 1))))
        assert bench.hold().state is HoldState.PENDING

    def test_an_older_entry_does_not_overrule_a_newer_one(self) -> None:
        bench = Bench()
        bench.give(received("modes", mode(Mode.HALT, at=START)))
        bench.give(received("modes", mode(Mode.ARMED, at=START - 1)))
        bench.give(received("incidents", incident(host())))
        assert bench.hold().state is HoldState.DENIED

    def test_the_configuration_of_a_control_counts(self) -> None:
        tenant = Tenant(slug=TENANT, mode=Mode.ARMED, modes={Control.NETWORK_ISOLATION: Mode.APPROVE_ALL})
        bench = Bench(tenant=tenant)
        bench.give(received("incidents", incident(host())))
        assert bench.hold().state is HoldState.AWAITING_APPROVAL


class TestGuardsAtWork:
    def test_a_controller_that_another_incident_names_is_refused_at_the_last_moment(self) -> None:
        bench = Bench()
        bench.give(received("incidents", incident(host("ALPHA"))))
        other = host("ALPHA", role=Role.TARGET, asset_class=AssetClass.DOMAIN_CONTROLLER)
        bench.give(received("incidents", incident(other, uid="i-2")))
        bench.go_on()
        assert bench.product.transitions == []
        assert bench.hold().decided_by == "policy:protected"

    def test_an_approved_hold_that_a_new_guard_questions_waits_again(self) -> None:
        bench = proposed()
        hold = bench.hold()
        say(bench, Verb.APPROVE, hold, hold.digest)
        bench.now = START + HOUR
        bench.perform()
        assert bench.hold().state is HoldState.AWAITING_APPROVAL
        assert "freshness asks" in bench.hold().reason

    def test_what_a_guard_asked_when_it_was_approved_does_not_ask_again(self) -> None:
        bench = Bench()
        bench.now = START + HOUR
        bench.give(received("incidents", incident(host()), bench.now))
        hold = bench.hold()
        assert "freshness asks" in hold.reason
        say(bench, Verb.APPROVE, hold, hold.digest)
        bench.go_on(bench.now + MINUTE)
        assert bench.hold().state is HoldState.VERIFIED


class TestHostileInput:
    @pytest.mark.parametrize("topic", ["incidents", "decisions"])
    @pytest.mark.parametrize("value", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"uid": 1}'])
    def test_nonsense_is_rejected(self, topic: str, value: bytes) -> None:
        assert Bench().give_invalid(received(topic, value))

    def test_an_incident_of_another_tenant_is_rejected(self) -> None:
        assert "stream of" in Bench().give_invalid(received("incidents", incident(host(), tenant="other")))
