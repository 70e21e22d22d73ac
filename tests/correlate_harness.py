"""Plays a recording through ingest, match and context into correlate's machine, with no log and no clock between.

As a script: ``python -m tests.correlate_harness RECORDING.zip [--rules DIR ...] [--shuffle SEED] [--own]`` prints each
incident with its entities, and what it cost.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.log import Received
from runtime.machine import Tick
from runtime.plugins import load_plugins
from schemas.entity import Authority
from schemas.event import EventHeaders
from schemas.fact import Fact, encode
from schemas.finding import Finding
from schemas.incident import Incident
from schemas.tenant import Tenant
from schemas.topics import FACTS, FINDINGS
from services.detect.context.core import facts
from services.detect.correlate import evidence
from services.detect.correlate.machine import CorrelateMachine
from services.detect.correlate.ports import Evidence
from services.detect.correlate.sigma_correlation.correlator import Correlator
from services.detect.correlate.sigma_correlation.load import load_correlations
from services.detect.correlate.state import State
from services.detect.match.core.engine import Engine
from services.detect.match.core.findings import finding
from services.detect.match.load import OWN_RULES, load
from tests.reading import read_events

TENANT = "acme"


def evidences() -> Sequence[Evidence]:
    """The rules on facts."""
    return tuple(load_plugins(evidence, "EVIDENCE", Evidence).values())


def counting(tenant: str) -> Correlator:
    """Our own Sigma correlation rules."""
    return Correlator(tenant, load_correlations([OWN_RULES]).rules)


@dataclass(frozen=True)
class Moment:
    """One event as correlate sees it: its time, facts and findings."""

    time: int
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]

    @property
    def messages(self) -> list[Received]:
        """The messages that reach correlate."""
        found = [_received(FINDINGS.name, each.model_dump_json().encode(), self.time) for each in self.findings]
        return [_received(FACTS.name, encode(fact), self.time) for fact in self.facts] + found


def _received(topic: str, value: bytes, at: int) -> Received:
    return Received(topic, 0, 0, TENANT, "", value, {}, at)


def moments(events: Iterable[tuple[Mapping[str, Any], EventHeaders]], engine: Engine) -> list[Moment]:
    """What context and match make of the events; those of which neither says anything are left out."""
    found = []
    for native, headers in events:
        told = facts(headers.kind, native, headers.time, headers.uid)
        fired = [finding(TENANT, match, dict(native), headers) for match in engine.match(native, headers)]
        if told or fired:
            found.append(Moment(headers.time, told, tuple(fired)))
    return found


@dataclass
class Played:
    """What correlate concluded, and what it said on the way."""

    state: State
    said: list[Incident]

    @property
    def ever(self) -> frozenset[tuple[str, str, str]]:
        """What any version gave authority over: a hold may have been made of it."""
        return frozenset(
            (each.type.value, each.id, each.authority.value)
            for incident in self.said
            for each in incident.detail.entities
            if each.authority is not Authority.NONE
        )

    @property
    def incidents(self) -> list[Incident]:
        """The incidents as they stand, aliases left out."""
        known = [known.incident for known in self.state.incidents.values()]
        return [incident for incident in known if incident.detail.merged_into is None]

    @property
    def conclusions(self) -> frozenset[tuple[str, ...]]:
        """Per incident: who is what, and how far the evidence carries."""
        return frozenset(
            tuple(sorted(f"{each.type}:{each.id}={each.role}/{each.authority}" for each in incident.detail.entities))
            for incident in self.incidents
        )


def play(given: Iterable[Moment], machine: CorrelateMachine | None = None) -> Played:
    """Give the machine every message in order, its deadlines between, until none is open. ``now`` never goes back."""
    machine = machine or CorrelateMachine({TENANT: Tenant(slug=TENANT)}, evidences(), counting)
    state, now = machine.fresh(TENANT), 0
    said: list[Incident] = []
    for moment in given:
        now = max(now, moment.time)
        for message in moment.messages:
            said += _pass(machine, state, now, now)
            said += _give(machine, state, message, now)
    said += _pass(machine, state, now, None)
    return Played(state, said)


def _pass(machine: CorrelateMachine, state: State, now: int, upto: int | None) -> list[Incident]:
    said: list[Incident] = []
    while (due := machine.deadline(state)) is not None and (upto is None or due <= upto):
        now = max(now, due)
        said += _give(machine, state, Tick(), now)
    return said


def _give(machine: CorrelateMachine, state: State, given: Received | Tick, now: int) -> list[Incident]:
    step = machine.decide(state, given, now)
    for entry in step.entries:
        machine.fold(state, entry)
    return [Incident.model_validate_json(output.value) for output in step.outputs]


def main(arguments: Sequence[str]) -> None:
    """Print what correlate concludes from the recordings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("recordings", nargs="+", type=Path)
    parser.add_argument("--rules", nargs="*", type=Path, default=[])
    parser.add_argument("--shuffle", type=int)
    options = parser.parse_args(arguments)
    engine = Engine(load([OWN_RULES, *options.rules]).rules)
    for recording in options.recordings:
        events = list(read_events(recording))
        given = moments(events, engine)
        share = 100 * sum(len(each.facts) for each in given) / max(1, len(events))
        if options.shuffle is not None:
            random.Random(options.shuffle).shuffle(given)
        began = time.perf_counter()
        played = play(given)
        cost = 1e6 * (time.perf_counter() - began) / max(1, sum(len(each.messages) for each in given))
        print(f"{recording.stem}: {len(played.said)} versions, {cost:.0f} us per message, {share:.1f} % facts")
        for incident in played.incidents:
            detail = incident.detail
            print(
                f"  {incident.uid} {detail.authority} score {detail.score} {detail.anchors} {len(detail.rules)} rules"
            )
            for entity in detail.entities:
                print(f"    {entity.authority:8} {entity.role:20} {entity.type} {entity.id}: {entity.why[:160]}")


if __name__ == "__main__":
    main(sys.argv[1:])
