"""Which process is meant: pids are reused, and two sensors see one process, each in its own words.

One slot is one pid of one host. Its instances follow from the set of starts, ends and sightings alone.
"""

from dataclasses import dataclass, field
from typing import Final

from schemas.fact import ProcessEnded, ProcessRef, ProcessStarted
from schemas.times import SECOND
from services.detect.correlate.core.nodes import Process
from services.detect.correlate.core.vocabulary import base, is_person

SLACK: Final = 60 * SECOND


@dataclass(slots=True)
class Draft:
    """An instance in the making: what is known of one process."""

    guids: set[str] = field(default_factory=set)
    starts: list[ProcessStarted] = field(default_factory=list)
    ends: list[ProcessEnded] = field(default_factory=list)
    images: set[str] = field(default_factory=set)
    first: int | None = None

    @property
    def start(self) -> int | None:
        """When it began; None where nobody saw it."""
        return min((fact.time for fact in self.starts), default=None)

    @property
    def since(self) -> int:
        """Its start, else its first sighting."""
        start = self.start
        return start if start is not None else self.first or 0

    @property
    def end(self) -> int | None:
        """When it ended; None while it lives."""
        return max((fact.time for fact in self.ends), default=None)

    @property
    def image(self) -> str:
        """Its image, from its start or a sighting."""
        named = sorted(fact.process.image for fact in self.starts if fact.process.image)
        return named[0] if named else min(filter(None, self.images), default="")

    def fits(self, ref: ProcessRef, time: int) -> bool:
        """Whether something seen of ``ref`` at ``time`` can be of this process."""
        if not same_image(self.image, ref.image):
            return False
        start, end = self.start, self.end
        return (start is None or start <= time + SLACK) and (end is None or time <= end + SLACK)


def same_image(left: str, right: str) -> bool:
    """Whether two paths can name one image; an unknown one fits all."""
    return not left or not right or base(left) == base(right)


def adopt(drafts: list[Draft], starts: list[ProcessStarted]) -> None:
    """Give each start without a guid to the draft of the same process, or make it one of its own."""
    for fact in sorted(starts, key=lambda start: (start.time, start.event)):
        fitting = [draft for draft in drafts if _is_twin(draft, fact)]
        if fitting:
            min(fitting, key=lambda draft: (abs(draft.since - fact.time), sorted(draft.guids))).starts.append(fact)
        else:
            drafts.append(Draft(starts=[fact], first=fact.time))


def _is_twin(draft: Draft, fact: ProcessStarted) -> bool:
    if not same_image(draft.image, fact.process.image):
        return False
    if draft.start is not None:
        return abs(draft.start - fact.time) <= SLACK and _is_other_sensor(draft, fact)
    return draft.since >= fact.time - SLACK and (draft.end is None or draft.end >= fact.time - SLACK)


def _is_other_sensor(draft: Draft, fact: ProcessStarted) -> bool:
    alike = [start for start in draft.starts if bool(start.process.guid) == bool(fact.process.guid)]
    return not alike or any(abs(start.time - fact.time) <= 2 * SECOND for start in alike)


def bury(drafts: list[Draft], ends: list[ProcessEnded]) -> None:
    """Give each end without a guid to the youngest draft that had begun."""
    for fact in ends:
        begun = [
            draft
            for draft in drafts
            if same_image(draft.image, fact.process.image)
            and (draft.start is None or draft.start <= fact.time + SECOND)
        ]
        if begun:
            max(begun, key=lambda draft: (draft.since, sorted(draft.guids))).ends.append(fact)


def finish(host: str, pid: int, draft: Draft) -> Process:
    """Return the process that ``draft`` became."""
    starts = sorted(draft.starts, key=_richest)
    lead = starts[0] if starts else None
    guids = tuple(sorted(draft.guids))
    name = guids[0] if guids else f"{pid}@{draft.start if lead else ''}:{base(draft.image)}"
    if lead is None:
        return Process(f"process:{host}:{name}", host, pid, guids, draft.image, first=draft.since, end=draft.end)
    return Process(
        id=f"process:{host}:{name}",
        host=host,
        pid=pid,
        guids=guids,
        image=draft.image,
        command=next((start.command for start in starts if start.command.digest), lead.command),
        user=_first([start.user for start in starts if is_person(start.user)] + [start.user for start in starts]),
        session=_first([start.session for start in starts]),
        integrity=_first([start.integrity for start in starts]),
        parent=lead.parent,
        parent_command=lead.parent_command,
        parent_user=_first([start.parent_user for start in starts]),
        start=draft.start,
        end=draft.end,
        first=draft.since,
        event=lead.event,
    )


def _richest(fact: ProcessStarted) -> tuple[bool, int, str]:
    return not fact.process.guid, fact.time, fact.event


def _first(values: list[str]) -> str:
    return next(filter(None, values), "")
