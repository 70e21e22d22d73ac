"""correlate's machine: when it says what, under which id, and what survives a new owner."""

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from runtime.errors import Rejected
from runtime.log import Message, Received
from runtime.machine import Step, Tick
from schemas.decision import Decision, Verb
from schemas.entity import Authority, EntityType
from schemas.fact import encode
from schemas.incident import Incident
from schemas.tenant import Tenant, Thresholds
from schemas.times import HOUR
from schemas.topics import DECISIONS, FACTS, FINDINGS, INCIDENTS
from services.detect.correlate.machine import CorrelateMachine
from services.detect.correlate.publish import SETTLE_MS
from services.detect.correlate.state import State
from tests.correlate_facts import HIDDEN, POWERSHELL, Run, Story
from tests.correlate_harness import TENANT, Moment, evidences, play
from tests.correlate_scenes import Estate, background, developer, intrusion


def machine(**tenant: object) -> CorrelateMachine:
    return CorrelateMachine({TENANT: Tenant.model_validate({"slug": TENANT, **tenant})}, evidences())


def attack() -> list[Moment]:
    story = Story()
    background(story, Estate())
    intrusion(story, Estate())
    return story.moments


def give(of: CorrelateMachine, state: State, given: Received | Tick, now: int) -> Step:
    step = of.decide(state, given, now)
    for entry in step.entries:
        of.fold(state, entry)
    return step


def said(steps: Iterable[Step]) -> list[Incident]:
    return [Incident.model_validate_json(output.value) for step in steps for output in step.outputs]


def received(topic: str, value: bytes, tenant: str = TENANT) -> Received:
    return Received(topic, 0, 0, tenant, "", value, {}, 0)


def decision(uid: str, verb: Verb) -> Received:
    one = Decision(uid="d1", tenant=TENANT, verb=verb, subject=uid, by="human:ann", at=1)
    return received(DECISIONS.name, one.model_dump_json().encode())


def flood(of: CorrelateMachine, state: State, moments: Iterable[Moment], now: int) -> list[Step]:
    """All at once, as a backlog arrives."""
    return [give(of, state, message, now) for moment in moments for message in moment.messages]


def test_an_attack_is_said_within_a_moment() -> None:
    of = machine()
    state, now = of.fresh(TENANT), attack()[-1].time
    assert not said(flood(of, state, attack(), now))
    due = of.deadline(state)
    assert due is not None
    assert due <= now + 100
    [incident] = said([give(of, state, Tick(), due)])
    assert incident.detail.authority is Authority.ACT


def test_a_mere_proposal_waits_two_seconds_for_what_comes_late() -> None:
    story = Story()
    developer(story, Estate())
    of = machine()
    state, now = of.fresh(TENANT), 0
    steps = []
    for moment in story.moments:
        now = max(now, moment.time)
        steps += [give(of, state, message, now) for message in moment.messages]
    first = of.deadline(state)
    assert first is not None
    steps.append(give(of, state, Tick(), first))
    assert not said(steps)
    due = of.deadline(state)
    assert due == first + SETTLE_MS
    [incident] = said([give(of, state, Tick(), due)])
    assert incident.detail.authority is Authority.PROPOSE


def test_an_address_has_no_authority_before_two_seconds_have_passed() -> None:
    of = machine()
    state, now = of.fresh(TENANT), attack()[-1].time
    flood(of, state, attack(), now)
    [first] = said([give(of, state, Tick(), now + 100)])
    [later] = said([give(of, state, Tick(), now + 100 + SETTLE_MS)])
    [before] = [entity for entity in first.detail.entities if entity.type is EntityType.ADDRESS]
    [after] = [entity for entity in later.detail.entities if entity.type is EntityType.ADDRESS]
    assert (before.authority, after.authority) == (Authority.NONE, Authority.ACT)
    assert "waiting" in before.why


def test_versions_count_up_and_each_differs_from_the_one_before() -> None:
    versions = play(attack(), machine()).said
    assert [incident.detail.version for incident in versions] == list(range(1, len(versions) + 1))
    assert len({incident.uid for incident in versions}) == 1


def test_ids_follow_from_the_input() -> None:
    assert [one.model_dump() for one in play(attack(), machine()).said] == [
        one.model_dump() for one in play(attack(), machine()).said
    ]


def test_higher_thresholds_of_a_tenant_hold_it_back() -> None:
    played = play(attack(), machine(thresholds=Thresholds(propose=40, act=1000)))
    assert {incident.detail.authority for incident in played.incidents} == {Authority.PROPOSE}


def test_two_stories_that_turn_out_to_be_one_leave_an_alias() -> None:
    """The link between the two hosts comes last: the older incident stays, the younger points to it."""
    moments = attack()
    links = [each for each in moments if any("=445" in repr(fact) or "0x7788" in repr(fact) for fact in each.facts)]
    of = machine()
    state, now = of.fresh(TENANT), moments[-1].time
    flood(of, state, [each for each in moments if each not in links], now)
    give(of, state, Tick(), now + 100)
    give(of, state, Tick(), now + 100 + SETTLE_MS)
    assert len(state.incidents) == 2
    flood(of, state, links, now + 5_000)
    give(of, state, Tick(), now + 6_000)
    [alias] = [known.incident for known in state.incidents.values() if known.is_alias]
    [whole] = [known.incident for known in state.incidents.values() if not known.is_alias]
    assert alias.detail.merged_into == whole.uid
    assert alias.uid in whole.detail.merged
    assert state.incidents[whole.uid].opened <= state.incidents[alias.uid].opened


def test_an_alias_is_never_younger_than_what_it_became() -> None:
    played = play(attack(), machine())
    assert not [known for known in played.state.incidents.values() if known.is_alias]


@pytest.mark.parametrize(("verb", "status"), [(Verb.ACK, 2), (Verb.CLOSE, 5)])
def test_a_humans_word_changes_the_status_once(verb: Verb, status: int) -> None:
    of = machine()
    played = play(attack(), of)
    uid = played.incidents[0].uid
    [changed] = said([give(of, played.state, decision(uid, verb), 5)])
    assert changed.status_id == status
    assert not said([give(of, played.state, decision(uid, verb), 6)])


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.DENY, Verb.RELEASE])
def test_words_about_holds_are_not_for_it(verb: Verb) -> None:
    of = machine()
    played = play(attack(), of)
    assert not said([give(of, played.state, decision(played.incidents[0].uid, verb), 5)])


def test_a_new_owner_knows_the_incidents_and_says_nothing_twice() -> None:
    of = machine()
    played = play(attack(), of)
    state = of.restore(TENANT, of.snapshot(played.state))
    for message in (message for moment in attack() for message in moment.messages):
        of.rebuild(state, message, 0)
    assert not said([give(of, state, Tick(resumed=True), played.said[-1].time)])


def test_a_new_owner_without_the_past_takes_nothing_back() -> None:
    of = machine()
    played = play(attack(), of)
    state = of.restore(TENANT, of.snapshot(played.state))
    late = [moment for moment in attack() if moment.facts and moment.facts[0].host == "PC2"]
    steps = []
    for moment in late:
        steps += [give(of, state, message, moment.time) for message in moment.messages]
    steps.append(give(of, state, Tick(resumed=True), late[-1].time + 10_000))
    before = {(each.type, each.id) for each in played.incidents[0].detail.entities}
    for incident in said(steps):
        if incident.uid == played.incidents[0].uid:
            assert {(each.type, each.id) for each in incident.detail.entities} >= before


def test_the_same_finding_twice_counts_once() -> None:
    story = Story()
    run = story.start(1, Run("PC1", 9, POWERSHELL, "CORP\\eve"), command=HIDDEN)
    story.rule(2, run, "Something", "high", "execution")
    once, twice = play(story.moments, machine()), play([*story.moments, *story.moments], machine())
    assert [one.detail.score for one in once.incidents] == [one.detail.score for one in twice.incidents]


@pytest.mark.parametrize("topic", [FACTS.name, FINDINGS.name, DECISIONS.name])
@pytest.mark.parametrize("value", [b"", b"{}", b"\xff", b'{"fact":"nothing"}', b"[1]"])
def test_what_cannot_be_read_is_rejected(topic: str, value: bytes) -> None:
    of = machine()
    with pytest.raises(Rejected):
        of.decide(of.fresh(TENANT), received(topic, value), 0)


def test_another_tenants_finding_is_rejected() -> None:
    of = machine()
    [finding] = [message for moment in attack() for message in moment.messages if message.topic == FINDINGS.name][:1]
    with pytest.raises(Rejected, match="stream of"):
        of.decide(of.fresh("other"), received(FINDINGS.name, finding.value, "other"), 0)


def test_incidents_are_keyed_by_tenant_and_uid() -> None:
    of = machine()
    state = of.fresh(TENANT)
    outputs: list[Message] = []
    for moment in attack():
        for message in moment.messages:
            outputs += give(of, state, message, moment.time).outputs
    outputs += give(of, state, Tick(), 2_000_000_000_000).outputs
    assert outputs
    for output in outputs:
        uid = Incident.model_validate_json(output.value).uid
        assert (output.topic, output.tenant) == (INCIDENTS.name, TENANT)
        assert uid in output.key


def test_one_event_from_a_wrong_clock_makes_nothing_be_forgotten() -> None:
    of, day = machine(), Story()
    background(day, Estate(), 50)
    state, now = of.fresh(TENANT), day.moments[-1].time
    flood(of, state, day.moments, now)
    give(of, state, Tick(), now + 100)
    known = set(state.work.engine.store.items)
    for days in range(1, 30):
        wrong = replace(day.moments[0].facts[0], time=now + days * 24 * HOUR)
        give(of, state, received(FACTS.name, encode(wrong)), now + 100)
    assert known <= set(state.work.engine.store.items)
