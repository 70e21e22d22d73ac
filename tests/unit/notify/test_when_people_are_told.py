"""One message per incident: when it opens, when it is updated, when nothing is sent and why."""

import pytest

from schemas.decision import Verb
from schemas.entity import Authority
from schemas.hold import HoldState
from tests.unit.notify.stage import Stage, decision, hold, incident, uid_of


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize("severity", [4, 5, 6])
def test_a_grave_incident_is_told_at_once(stage: Stage, severity: int) -> None:
    stage.tell(incident(severity=severity))
    assert stage.lines() == [(0, "first")]


def test_any_other_waits_so_that_its_first_message_has_a_story(stage: Stage) -> None:
    stage.tell(incident(severity=3))
    stage.wait(29)
    assert stage.lines() == []
    stage.tell(incident(severity=3, version=2, story="Now with a story."))
    stage.wait(1)
    assert stage.lines() == [(0, "first")]
    assert "Now with a story." in stage.accepted()[0].text


def test_a_hold_makes_it_urgent(stage: Stage) -> None:
    stage.tell(incident(severity=3))
    stage.tell(hold(HoldState.PENDING))
    assert stage.lines() == [(0, "first")]


def test_a_hold_whose_incident_never_arrives_is_told_all_the_same(stage: Stage) -> None:
    stage.tell(hold(HoldState.VERIFIED))
    assert stage.lines() == []
    stage.wait(30)
    assert stage.lines() == [(0, "first")]
    assert "WKS07: isolated from the network" in stage.accepted()[0].text


def test_a_containment_is_one_update_when_it_is_proven(stage: Stage) -> None:
    stage.tell(incident(), hold(HoldState.PENDING))
    stage.wait(3)
    stage.tell(hold(HoldState.ACTIVE))
    stage.wait(3)
    stage.tell(hold(HoldState.VERIFIED))
    stage.wait(300)
    assert stage.lines() == [(0, "first"), (1, "contained")]


def test_a_containment_that_stays_unproven_is_told_as_such(stage: Stage) -> None:
    stage.tell(incident(), hold(HoldState.ACTIVE))
    stage.wait(31)
    assert stage.lines()[-1] == (1, "contained")
    assert "not yet proven" in stage.accepted()[-1].text


def test_a_burst_of_changes_becomes_one_update(stage: Stage) -> None:
    stage.tell(incident())
    for number in range(20):
        stage.tell(hold(HoldState.VERIFIED, number, target=f"WKS{number:02}"))
        stage.wait(0.3)
    stage.wait(60)
    assert stage.lines() == [(0, "first"), (1, "contained")]
    assert "and 12 more" in stage.accepted()[-1].text


def test_a_burst_without_end_is_told_after_ten_seconds(stage: Stage) -> None:
    stage.tell(incident())
    for number in range(24):
        stage.tell(hold(HoldState.VERIFIED, number, target=f"WKS{number:02}"))
        stage.wait(0.5)
    assert stage.lines() == [(0, "first"), (1, "contained")]


def test_good_news_waits_for_the_holds_that_are_still_under_way_but_not_for_long(stage: Stage) -> None:
    names = [f"WKS{number:02}" for number in range(6)]
    stage.tell(incident(), *(hold(HoldState.PENDING, number, target=name) for number, name in enumerate(names)))
    for number, name in enumerate(names[:5]):
        stage.wait(1.6)
        stage.tell(hold(HoldState.VERIFIED, number, target=name))
    assert stage.lines() == [(0, "first")]
    stage.wait(3)
    assert stage.lines() == [(0, "first")]
    stage.wait(1)
    assert stage.lines() == [(0, "first"), (1, "contained")]


def test_bad_news_does_not_wait(stage: Stage) -> None:
    stage.tell(incident(), hold(HoldState.PENDING, 1), hold(HoldState.PENDING, 2, target="WKS08"))
    stage.tell(hold(HoldState.VERIFIED, 1), hold(HoldState.INEFFECTIVE, 2, target="WKS08"))
    stage.wait(1)
    assert stage.lines() == [(0, "first"), (1, "ineffective")]


def test_the_ends_of_several_holds_are_one_update(stage: Stage) -> None:
    names = [f"WKS{number:02}" for number in range(6)]
    stage.tell(incident(), *(hold(HoldState.VERIFIED, number, target=name) for number, name in enumerate(names)))
    stage.wait(60)
    for number, name in enumerate(names):
        stage.tell(hold(HoldState.RELEASED, number, target=name))
        stage.wait(4)
    stage.wait(60)
    assert stage.lines() == [(0, "first"), (1, "contained"), (2, "released")]


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (HoldState.AWAITING_APPROVAL, "proposed"),
        (HoldState.OBSERVED, "proposed"),
        (HoldState.INEFFECTIVE, "ineffective"),
        (HoldState.MANUAL, "ineffective"),
        (HoldState.RELEASED, "released"),
        (HoldState.VERIFIED, "contained"),
    ],
)
def test_each_state_of_a_hold_has_its_cause(stage: Stage, state: HoldState, cause: str) -> None:
    stage.tell(incident())
    stage.tell(hold(state))
    stage.wait(31)
    assert stage.lines() == [(0, "first"), (1, cause)]


def test_what_failed_outweighs_what_worked(stage: Stage) -> None:
    stage.tell(incident())
    stage.tell(hold(HoldState.VERIFIED, 1), hold(HoldState.INEFFECTIVE, 2, target="WKS08"))
    stage.wait(2)
    assert stage.lines()[-1] == (1, "ineffective")
    assert "WKS08" in stage.accepted()[-1].text
    assert "WKS07" in stage.accepted()[-1].text


@pytest.mark.parametrize(
    "graver",
    [
        incident(version=2, severity=5, authority=Authority.PROPOSE),
        incident(version=2, severity=4, authority=Authority.ACT),
        incident(version=2, severity=4, authority=Authority.PROPOSE, taken=("WKS07", "WKS08")),
    ],
)
def test_what_becomes_graver_is_escalated(stage: Stage, graver: object) -> None:
    stage.tell(incident(severity=4, authority=Authority.PROPOSE))
    stage.tell(graver)  # type: ignore[arg-type]
    stage.wait(2)
    assert stage.lines() == [(0, "first"), (1, "escalated")]


def test_more_evidence_of_the_same_is_not_repeated_and_the_silence_has_a_reason(stage: Stage) -> None:
    stage.tell(incident())
    for version in range(2, 50):
        stage.tell(incident(version=version, story=f"One more finding: {version}."))
        stage.wait(1)
    stage.wait(400)
    assert stage.lines() == [(0, "first")]
    assert set(stage.silences()) == {"nothing that a human must know has changed"}
    assert len(stage.silences()) == 1


def test_a_small_incident_that_led_to_nothing_is_recorded_and_not_sent(stage: Stage) -> None:
    stage.tell(incident(severity=2, authority=Authority.NONE))
    stage.wait(60)
    assert stage.lines() == []
    assert stage.silences() == ["severity 2 is below 3, and the evidence carries no containment"]


def test_a_small_incident_that_grows_is_told_after_all(stage: Stage) -> None:
    stage.tell(incident(severity=2, authority=Authority.NONE))
    stage.wait(60)
    stage.tell(incident(severity=5, version=2))
    assert stage.lines() == [(0, "first")]


def test_without_a_contact_the_silence_is_recorded_once() -> None:
    stage = Stage(contacts={})
    stage.tell(incident(), incident(version=2, story="More."), hold(HoldState.VERIFIED))
    stage.wait(60)
    assert stage.silences() == ["no contact is configured for this tenant"]


def test_closing_is_told_and_nothing_is_sent_for_a_closed_incident_but_the_end_of_its_holds(stage: Stage) -> None:
    stage.tell(incident(), hold(HoldState.VERIFIED))
    stage.wait(2)
    stage.tell(incident(version=2, status=5))
    stage.wait(2)
    stage.tell(incident(version=3, status=5, story="Late evidence."))
    stage.wait(400)
    assert stage.lines() == [(0, "first"), (1, "contained"), (2, "closed")]
    stage.tell(hold(HoldState.RELEASED))
    stage.wait(31)
    assert stage.lines()[-1] == (3, "released")


def test_an_acknowledgement_is_recorded_as_a_decision_not_to_send(stage: Stage) -> None:
    stage.tell(incident(), decision(Verb.ACK, uid_of(1)), decision(Verb.ACK, uid_of(1)))
    stage.wait(60)
    assert stage.lines() == [(0, "first")]
    assert stage.silences() == ["acknowledged by human:anna: nobody else needs to be told"]
    stage.tell(hold(HoldState.VERIFIED))
    stage.wait(2)
    assert "Acknowledged by human:anna." in stage.accepted()[-1].text


def test_merged_incidents_the_younger_points_to_the_older_which_is_updated(stage: Stage) -> None:
    stage.tell(incident(1), incident(2, taken=("WKS09",)), hold(HoldState.VERIFIED, 9, of=2, target="WKS09"))
    stage.wait(2)
    stage.tell(incident(2, version=2, taken=("WKS09",), merged_into=1))
    stage.wait(2)
    last = {one.incident: one for one in stage.accepted()}
    assert last[uid_of(2)].cause == "merged"
    assert uid_of(1) in last[uid_of(2)].text
    assert last[uid_of(1)].cause == "merged"
    assert "WKS09: isolated from the network" in last[uid_of(1)].text


def test_after_a_merge_the_older_message_carries_the_younger_ones_holds(stage: Stage) -> None:
    stage.tell(incident(1), incident(2), incident(2, version=2, merged_into=1))
    stage.wait(2)
    stage.tell(hold(HoldState.VERIFIED, of=2))
    stage.wait(2)
    assert [one.incident for one in stage.accepted()][-1] == uid_of(1)
    assert stage.accepted()[-1].cause == "contained"


def test_an_incident_that_was_merged_before_anybody_was_told_is_told_by_the_older_alone(stage: Stage) -> None:
    stage.tell(incident(1), incident(2, severity=3), incident(2, version=2, severity=3, merged_into=1))
    stage.wait(60)
    assert {one.incident for one in stage.accepted()} == {uid_of(1)}
    assert f"it became part of incident {uid_of(1)} before anybody was told" in stage.silences()
