"""How many findings and facts per second and core correlate takes, beside decoding them and beside the plainest fold there is.

What correlate is given is what match (our starter rules) and context say of a recording. The core runs as the ledger drives
it: one input after the other, a tick when one is due, every entry folded. Time passes by a millisecond per input. The controls are
`orjson.loads` of the same bytes, and a fold that decodes each message by its contract and files it under its host.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import orjson

from benchmarks._lanes import ABSENT, DATA, OURS, REAL, TENANT, events, lanes
from benchmarks._rates import rates
from runtime.log import Message, Received
from runtime.machine import Given, Step, Tick
from runtime.plugins import load_plugins
from schemas.fact import decode
from schemas.finding import Finding
from schemas.topics import FINDINGS
from services.detect.context.stream import handle as context
from services.detect.correlate import evidence
from services.detect.correlate.machine import CorrelateMachine
from services.detect.correlate.ports import Evidence
from services.detect.correlate.settings import Settings
from services.detect.correlate.sigma_correlation.correlator import Correlator
from services.detect.correlate.sigma_correlation.load import load_correlations
from services.detect.correlate.state import State
from services.detect.match.core.engine import Engine
from services.detect.match.load import OWN_RULES, load
from services.detect.match.stream import Matcher
from services.ingest.receivers.files import read_records

INPUTS = 20_000
EVENTS = 50_000
ROUNDS = 3
_INTRUSION = DATA / "scenarios" / "otrf" / "empire_psexec_dcerpc_tcp_svcctl.zip"


def main() -> None:
    """Measure and print the table."""
    print(
        f"{'lane':<22}{'findings':>9}{'facts':>7}{'loads/s':>15}{'fold/s':>14}{'inputs/s':>14}{'/ loads':>9}{'/ fold':>8}"
    )
    for lane, records in _lanes():
        _report(lane, records)


def _lanes() -> Iterator[tuple[str, Sequence[bytes]]]:
    found = lanes(EVENTS)
    yield OURS, found[OURS]
    if REAL in found:
        yield REAL, found[REAL]
        yield "one real intrusion", [raw.record for raw in read_records([_INTRUSION], "auto")]
    else:
        print(ABSENT)


def _report(lane: str, records: Sequence[bytes]) -> None:
    inputs, machine = _inputs(records), _machine()
    findings = sum(one.topic == FINDINGS.name for one in inputs)
    found = rates(
        len(inputs),
        {"loads": lambda: _parse(inputs), "fold": lambda: _fold(inputs), "inputs": lambda: Played.of(machine, inputs)},
        ROUNDS,
    )
    inputs_rate = found["inputs"].middle
    print(
        f"{lane:<22}{findings:>9}{len(inputs) - findings:>7}{found['loads']!s:>15}{found['fold']!s:>14}{found['inputs']!s:>14}"
        f"{inputs_rate / found['loads'].middle:>9.3f}{inputs_rate / found['fold'].middle:>8.2f}"
    )
    played = Played.of(machine, inputs)
    print(f"{'':<22}{len(played.state.incidents)} incidents, {played.published} messages about them")


def _inputs(records: Sequence[bytes]) -> list[Received]:
    """Return what match and context say of ``records``, in the order of the events, from ``INPUTS`` on no more."""
    matcher = Matcher(Engine(load((OWN_RULES,), {}).rules))
    given: list[Received] = []
    newest = 0
    for received, headers in events(records):
        newest = max(newest, headers.time)
        said = [*matcher.handle(received, newest), *context(received, newest)]
        given += [_received(one, len(given) + place, newest) for place, one in enumerate(said) if one.topic in _READ]
        if len(given) >= INPUTS:
            break
    return [replace(one, at=newest + index) for index, one in enumerate(given)]


_READ = {"findings", "facts"}


def _received(message: Message, offset: int, at: int) -> Received:
    return Received(message.topic, 0, offset, TENANT, message.key, message.value, message.headers, at)


def _parse(inputs: Sequence[Received]) -> None:
    for one in inputs:
        orjson.loads(one.value)


def _fold(inputs: Sequence[Received]) -> None:
    filed: dict[str, list[object]] = {}
    for one in inputs:
        if one.topic == FINDINGS.name:
            filed.setdefault(one.key, []).append(Finding.model_validate_json(one.value))
        else:
            filed.setdefault(one.key, []).append(decode(one.value))


@dataclass
class Played:
    """Correlate's core for one tenant, as the ledger drives it."""

    machine: CorrelateMachine
    state: State
    published: int = 0

    @classmethod
    def of(cls, machine: CorrelateMachine, inputs: Sequence[Received]) -> "Played":
        """Return what is left when everything has been decided on."""
        played = cls(machine, machine.fresh(TENANT))
        for one in inputs:
            played.until(one.at)
            played.give(one, one.at)
        played.until(inputs[-1].at + 1_000)
        return played

    def until(self, now: int) -> None:
        """Handle what is due."""
        while (due := self.machine.deadline(self.state)) is not None and due <= now:
            self.give(Tick(), now)

    def give(self, given: Given, now: int) -> None:
        """Decide, and fold what was decided."""
        step: Step = self.machine.decide(self.state, given, now)
        for entry in step.entries:
            self.state = self.machine.fold(self.state, entry)
        self.published += len(step.outputs)


def _machine() -> CorrelateMachine:
    settings = Settings()
    rules = tuple(load_plugins(evidence, "EVIDENCE", Evidence).values())
    correlations = load_correlations(settings.directories).rules
    return CorrelateMachine({}, rules, lambda tenant: Correlator(tenant, correlations), settings.watermark_ms)
