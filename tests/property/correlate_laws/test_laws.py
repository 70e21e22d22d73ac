"""The laws of correlate, on an intrusion of our own making: what it concludes is a function of the set of what happened."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from schemas.entity import Authority, EntityType, Role
from schemas.finding import Finding
from tests.correlate_facts import Story
from tests.correlate_harness import Moment, Played, play
from tests.correlate_scenes import LOOKALIKES, Estate, administration, background, intrusion

ESTATE = Estate()


def film(
    estate: Estate = ESTATE, *, attack: bool = True, times: int = 3, scenes: Sequence[Callable[..., None]] = ()
) -> list[Moment]:
    story = Story()
    background(story, estate, times)
    for scene in scenes:
        scene(story, estate)
    if attack:
        intrusion(story, estate)
    return sorted(story.moments, key=lambda moment: moment.time)


def taken(played: Played) -> set[tuple[str, str, str]]:
    """What a responder may take, and how."""
    return {
        (each.type.value, each.id, each.authority.value)
        for incident in played.incidents
        for each in incident.detail.entities
        if each.authority is not Authority.NONE
    }


WHOLE = play(film())
EXPECTED = {
    ("host", "PC1", "act"),
    ("host", "PC2", "act"),
    ("account", "CORP\\eve", "act"),
    ("address", "203.0.113.77", "act"),
}


def test_the_intrusion_is_one_incident_and_its_parts_are_named() -> None:
    assert len(WHOLE.incidents) == 1
    assert taken(WHOLE) == EXPECTED


def test_every_entity_has_its_reason_and_every_edge_its_own() -> None:
    detail = WHOLE.incidents[0].detail
    assert all(entity.why for entity in detail.entities)
    assert {reason.edge for reason in detail.reasons} >= {"U1", "U4", "U5"}
    assert all(reason.why for reason in detail.reasons)


def test_the_controller_is_spared_by_name() -> None:
    roles = {
        (entity.type, entity.id): entity.role
        for entity in play(film(scenes=[administration])).incidents[0].detail.entities
    }
    assert roles[EntityType.HOST, "DC1"] is Role.INFRASTRUCTURE


@pytest.mark.parametrize("seed", range(8))
def test_any_order_of_arrival_gives_the_same(seed: int) -> None:
    moments = single(film())
    random.Random(seed).shuffle(moments)
    played = play(moments)
    assert played.conclusions == WHOLE.conclusions
    assert {each[:2] for each in played.ever} <= {each[:2] for each in EXPECTED}, "something was held on the way"


@pytest.mark.parametrize("seed", range(6))
def test_deciding_after_every_message_gives_the_same_as_deciding_once(seed: int) -> None:
    """The incremental engine against itself: here a tenth of a second passes between any two messages."""
    moments = single(film())
    random.Random(seed).shuffle(moments)
    newest = max(moment.time for moment in moments)
    slow = [replace(moment, time=newest + number * 100) for number, moment in enumerate(moments)]
    played = play(slow)
    assert played.conclusions == WHOLE.conclusions
    assert {each[:2] for each in played.ever} <= {each[:2] for each in EXPECTED}, "something was held on the way"


@pytest.mark.parametrize("seed", range(4))
def test_a_shuffle_within_two_seconds_gives_the_same(seed: int) -> None:
    source = random.Random(seed)
    moments = sorted(single(film()), key=lambda moment: moment.time + source.uniform(0, 2000))
    assert play(moments).conclusions == WHOLE.conclusions


def test_ten_times_the_ordinary_day_gives_the_same() -> None:
    assert taken(play(film(times=30))) == EXPECTED


def test_what_is_delivered_twice_counts_once() -> None:
    assert play([moment for each in film() for moment in (each, each)]).conclusions == WHOLE.conclusions


def test_names_mean_nothing() -> None:
    renamed = Estate("QX7", "ZZ-9", "KLO", "RRT", "ORB", "noa", "pat.root", "172.20.9", "198.18.4.4")
    names = dict(zip(ESTATE.hosts, renamed.hosts, strict=True)) | {
        ESTATE.account("eve"): renamed.account("noa"),
        ESTATE.outside: renamed.outside,
    }
    assert taken(play(film(renamed))) == {(kind, names[name], how) for kind, name, how in EXPECTED}


def test_two_hosts_swapped_swap_their_parts() -> None:
    swapped = replace(ESTATE, first=ESTATE.third, third=ESTATE.first)
    names = {"PC1": "SRV1"}
    assert taken(play(film(swapped))) == {(kind, names.get(name, name), how) for kind, name, how in EXPECTED}


def test_without_the_attack_there_is_nothing() -> None:
    assert not play(film(attack=False)).incidents


def test_the_administrator_beside_the_attack_is_spared() -> None:
    played = play(film(scenes=[administration]))
    assert taken(played) == EXPECTED
    assert len(played.incidents) == 1


@pytest.mark.parametrize("scene", LOOKALIKES, ids=lambda scene: scene.__name__)
def test_what_only_looks_like_an_attack_is_never_acted_on_by_itself(scene: Callable[..., None]) -> None:
    assert not {each for each in taken(play(film(attack=False, scenes=[scene]))) if each[2] == "act"}


def titles(moments: Iterable[Moment]) -> set[str]:
    return {finding.finding_info.title for moment in moments for finding in moment.findings}


@pytest.mark.parametrize("title", sorted(titles(film())))
def test_no_single_rule_is_essential(title: str) -> None:
    def others(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(finding for finding in findings if finding.finding_info.title != title)

    dropped = [replace(moment, findings=others(moment.findings)) for moment in film()]
    assert taken(play(dropped)) == EXPECTED


def test_our_rules_on_facts_alone_reach_the_acting_threshold() -> None:
    assert taken(play([replace(moment, findings=()) for moment in film()])) == EXPECTED


def single(moments: Iterable[Moment]) -> list[Moment]:
    """Each fact and finding as a moment of its own."""
    found: list[Any] = []
    for moment in moments:
        found += [Moment(moment.time, (fact,), ()) for fact in moment.facts]
        found += [Moment(moment.time, (), (finding,)) for finding in moment.findings]
    return found
