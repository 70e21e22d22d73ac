"""A recording of our own: an office's working day as flat Windows events, one intrusion, one administrator to be spared."""

from dataclasses import dataclass

from lab.recording.administration import repair
from lab.recording.errands import MINUTE, run_errands
from lab.recording.estate import Estate
from lab.recording.everyday import Everyday
from lab.recording.intrusion import Intrusion
from lab.recording.journal import Journal
from lab.recording.labels import Labels, label
from lab.recording.morning import open_office
from lab.recording.names import Names
from lab.recording.options import RecordingOptions
from lab.recording.stage import Desk, Stage

__all__ = ["Labels", "Names", "Recording", "RecordingOptions", "record"]
ACTS_AT_DESK = 130
ACTS_OF_SERVER = 80


@dataclass(frozen=True)
class Recording:
    """The events as NDJSON lines in order of time, and what is to be concluded from them."""

    lines: tuple[bytes, ...]
    labels: Labels


def record(options: RecordingOptions | None = None) -> Recording:
    """Return the recording that the options describe; the same options give the same bytes."""
    options = options or RecordingOptions()
    estate, journal = Estate(options.placed(), options.seed, options.start), Journal()
    stage = Stage(estate, journal)
    desks = open_office(stage)
    _work(stage, desks, options)
    journal.story = "administration"
    repair(stage, desks["helpdesk"], options.start + 8 * MINUTE)
    intrusion = Intrusion(stage, desks["finance"], options.start + 12 * MINUTE)
    if options.attack:
        journal.story = "attack"
        intrusion.play()
    return Recording(tuple(journal.lines()), label(estate, journal.ordered(), intrusion.phases))


def _work(stage: Stage, desks: dict[str, Desk], options: RecordingOptions) -> None:
    end = options.start + options.minutes * MINUTE
    run_errands(stage, desks, options.start, end)
    everyday = Everyday(stage, options.seed)
    for role, machine in stage.estate.machines.items():
        desk = desks.get(role)
        acts = ACTS_AT_DESK if desk else ACTS_OF_SERVER
        everyday.play(machine, desk, options.start + 2 * MINUTE, end, acts * options.benign_factor)
