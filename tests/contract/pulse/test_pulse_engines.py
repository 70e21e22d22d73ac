"""Both engines of pulse tell the same of the same measures, across a restart and a kill: one day of many tenants, once on each."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.dead_letter import DeadLetter, Fate
from schemas.finding import Finding, Kind, Stage
from schemas.topics import internal
from tests.contract.pulse.engines import Engine, embedded, on_faust
from tests.contract.pulse.scenes import END, MIDDLE, TOLD, WINDOW, cut, day
from tests.servers.available import kafka_bootstrap

ENGINES = ("embedded", "faust")


@dataclass(frozen=True)
class Outcome:
    """What one engine told of the day. ``repeats`` are findings that were published more than once."""

    findings: Mapping[str, Sequence[Finding]]
    poison: Sequence[DeadLetter]
    repeats: int
    topics: frozenset[str]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """The outcomes so far: each engine lives through the day once."""
    return {}


@pytest.fixture(params=ENGINES)
def outcome(
    request: pytest.FixtureRequest, outcomes: dict[str, Outcome], tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    name: str = request.param
    if name not in outcomes:
        outcomes[name] = asyncio.run(lived(name, tmp_path_factory.mktemp(name)))
    return outcomes[name]


async def lived(name: str, folder: Path) -> Outcome:
    running = embedded(folder) if name == "embedded" else on_faust(folder, kafka_bootstrap())
    async with running as engine:
        await through_the_day(engine)
        return await outcome_of(engine)


async def through_the_day(engine: Engine) -> None:
    """Killed in the middle, with the last minute heard twice; stopped in order a little later; time goes on at the end."""
    before, rest = cut(day(), MIDDLE)
    between, after = cut(rest, MIDDLE + 10 * WINDOW)
    await engine.publish(before, MIDDLE)
    await engine.start()
    await engine.heard()
    await engine.kill()
    await engine.publish(between, MIDDLE + 10 * WINDOW)
    await engine.start()
    await engine.heard()
    await engine.stop()
    await engine.publish(after, END)
    await engine.start()
    await engine.heard()
    await engine.time_comes(END + 10 * WINDOW)


async def outcome_of(engine: Engine) -> Outcome:
    told = await engine.findings()
    unique = {finding.finding_info.uid: finding for finding in told}
    by_tenant = {
        tenant: sorted(
            (one for one in unique.values() if one.metadata.tenant_uid == tenant),
            key=lambda one: (one.time, one.finding_info.title, one.finding_info.uid),
        )
        for tenant in TOLD
    }
    return Outcome(by_tenant, await engine.dead("poisoned"), len(told) - len(unique), await engine.topics())


@pytest.mark.slow
class TestEachEngine:
    @pytest.mark.parametrize("tenant", TOLD)
    def test_tells_what_is_to_be_told_and_no_more(self, outcome: Outcome, tenant: str) -> None:
        assert [finding.finding_info.title for finding in outcome.findings[tenant]] == TOLD[tenant]

    def test_gives_up_on_poison_alone(self, outcome: Outcome) -> None:
        assert {(one.uid, one.fate, one.service) for one in outcome.poison} == {
            (outcome.poison[0].uid, Fate.REJECTED, "detect.pulse")
        }

    def test_tells_operations_only(self, outcome: Outcome) -> None:
        details = [one.unmapped.stanch for told in outcome.findings.values() for one in told]
        assert Counter((detail.kind, detail.stage) for detail in details) == {
            (Kind.OPERATIONS, Stage.OBSERVE): len(details)
        }

    def test_makes_no_topic_but_those_that_are_declared_as_its_own(self, outcome: Outcome) -> None:
        assert outcome.topics <= {*internal("")}

    def test_tells_each_once(self, outcome: Outcome) -> None:
        assert outcome.repeats == 0


@pytest.mark.slow
def test_both_engines_tell_the_same(outcomes: dict[str, Outcome], tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in ENGINES:
        if name not in outcomes:
            outcomes[name] = asyncio.run(lived(name, tmp_path_factory.mktemp(name)))
    one, other = (outcomes[name] for name in ENGINES)
    for tenant in TOLD:
        assert told(one.findings[tenant]) == told(other.findings[tenant]), tenant


def told(findings: Sequence[Finding]) -> list[tuple[str, str, int]]:
    """What was told of whom and when. What was usual before may differ by what a reader of several partitions had late."""
    return [(finding.finding_info.uid, finding.finding_info.title, finding.time) for finding in findings]
