"""The outbox: what a provider does not take is kept, tried again in order, and given up only after a day, visibly."""

from itertools import pairwise

import pytest

from runtime.errors import Rejected
from runtime.machine import Outcome, Tick
from schemas.hold import HoldState
from tests.unit.notify.stage import ON_CALL, SECOND_LINE, START, Stage, hold, incident, received


def test_the_way_of_a_delivery_is_published() -> None:
    stage = Stage()
    stage.tell(incident())
    assert [(one.state, one.attempts) for one in stage.published] == [("sent", 1), ("accepted", 1)]
    assert stage.accepted()[0].reason == "HTTP 204"


def test_a_provider_that_is_down_for_a_minute_loses_nothing_and_keeps_the_order() -> None:
    stage = Stage()
    stage.provider_is_up = False
    stage.tell(incident())
    stage.tell(hold(HoldState.VERIFIED))
    stage.wait(60)
    assert stage.lines() == []
    stage.provider_is_up = True
    stage.wait(120)
    assert stage.lines() == [(0, "first"), (1, "contained")]


def test_retries_back_off_and_keep_the_same_key_and_content() -> None:
    stage = Stage()
    stage.provider_is_up = False
    stage.tell(incident())
    stage.wait(3_600)
    attempts = [one for one in stage.published if one.state == "sent"]
    pauses = [later.at - sooner.at for sooner, later in pairwise(attempts)]
    assert len({one.uid for one in attempts}) == 1
    assert len({str(action.data) for action in stage.asked}) == 1
    assert pauses[:3] == sorted(pauses[:3])
    assert 5_000 <= pauses[0] <= 5_500
    assert max(pauses) <= 990_000


def test_it_is_given_up_after_a_day_visibly_and_the_next_version_goes_on() -> None:
    stage = Stage()
    stage.provider_is_up = False
    stage.tell(incident(), hold(HoldState.VERIFIED))
    stage.wait(24 * 3_600 - 1)
    assert not [one for one in stage.published if one.state == "failed"]
    stage.wait(30 * 60)
    failed = [one for one in stage.published if one.state == "failed"]
    assert failed[0].sequence == 0
    assert failed[0].at >= START + 24 * 3_600_000
    assert "given up after" in failed[0].reason
    assert "HTTP 500" in failed[0].reason


def test_a_refusal_is_tried_again_slowly() -> None:
    stage = Stage()
    (action,) = stage.give(received(incident()))
    stage.give(Outcome(action.uid, {"result": "refused", "reason": "HTTP 410"}))
    assert stage.machine.deadline(stage.state) == START + 15 * 60_000


def test_what_the_provider_wishes_is_honoured_up_to_an_hour() -> None:
    for wished, granted in [(120_000, 120_000), (10**12, 3_600_000), (0, 5_000)]:
        stage = Stage()
        (action,) = stage.give(received(incident()))
        stage.give(Outcome(action.uid, {"result": "unavailable", "reason": "HTTP 429", "retry_after": wished}))
        deadline = stage.machine.deadline(stage.state)
        assert deadline is not None
        assert granted <= deadline - START <= granted * 1.1


def test_an_actor_that_broke_is_tried_again() -> None:
    stage = Stage()
    (action,) = stage.give(received(incident()))
    stage.give(Outcome(action.uid, {"failure": "bug", "reason": "KeyError: 'x'"}))
    stage.wait(10)
    assert stage.lines() == [(0, "first")]


def test_after_a_crash_between_send_and_outcome_the_same_key_is_sent_again() -> None:
    stage = Stage()
    (action,) = stage.give(received(incident()))
    stage.restart()
    (again,) = stage.give(Tick(resumed=True))
    assert again == action
    stage.perform([again])
    assert stage.lines() == [(0, "first")]


def test_an_outcome_that_comes_twice_counts_once() -> None:
    stage = Stage()
    (action,) = stage.give(received(incident()))
    for _ in range(3):
        stage.give(Outcome(action.uid, {"result": "accepted", "reason": "HTTP 204"}))
    assert len(stage.accepted()) == 1


def test_one_contact_that_is_down_does_not_hold_up_the_other() -> None:
    stage = Stage(contacts={"acme": (ON_CALL, SECOND_LINE)})
    down, up = stage.give(received(incident()))
    stage.give(Outcome(down.uid, {"result": "unavailable", "reason": "HTTP 500"}))
    stage.give(Outcome(up.uid, {"result": "accepted", "reason": "HTTP 204"}))
    stage.give(received(hold(HoldState.VERIFIED)))
    stage.now += 1_000
    (next_one,) = stage.give(Tick())
    assert next_one.data["contact"] == up.data["contact"]
    assert next_one.data["sequence"] == 1


def test_what_stands_under_another_tenant_is_rejected() -> None:
    stage = Stage()
    with pytest.raises(Rejected, match="globex"):
        stage.give(received(incident(tenant="globex"), tenant="acme"))


def test_what_is_no_incident_is_rejected() -> None:
    stage, broken = Stage(), received(incident())
    with pytest.raises(Rejected, match="no incident"):
        stage.give(type(broken)("incidents", 0, 0, "acme", "key", b'{"class_uid": 2004}', {}, START))


def test_the_ledger_does_not_tell_where_people_are_reached() -> None:
    stage = Stage()
    stage.tell(incident())
    assert ON_CALL.address not in str(stage.asked)
