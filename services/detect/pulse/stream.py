"""The shell of pulse: one measure in, what is to be told out. Both engines call this and nothing else of the core."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from pydantic import ValidationError

from runtime.errors import Rejected
from runtime.log import Log, Message, Received, TopicPartition
from runtime.outputs import CAUSATION
from schemas.finding import Finding, Kind
from schemas.identity import compose
from schemas.measure import Measure
from schemas.topics import FINDINGS
from services.detect.pulse.core.pulse import Pulse
from services.detect.pulse.settings import Settings

NAME: Final = "detect.pulse"
KIND: Final = "kind"
"""The header by which a reader of `findings` tells operations from attacks without decoding."""

_log = structlog.get_logger("pulse")


@dataclass(slots=True)
class Keeper:
    """Holds the state. ``told`` are ids of findings that are on the log already: they are not told again.

    A tenant's measures lie in several partitions, and one of them may be read faster than another. Time is what the slowest of
    those says that still hold something unheard, so that nobody is found silent who was not listened to.
    """

    settings: Settings
    pulse: Pulse = field(init=False)
    told: set[str] = field(default_factory=set)
    _times: dict[TopicPartition, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pulse = Pulse(self.settings)

    def hear(self, received: Received, at: int) -> Sequence[Message]:
        """Take in the measure ``received``, which came at ``at``; it leads to nothing at once.

        Raises:
            Rejected: it is no measure.
        """
        self.pulse.observe(measure_of(received), received.headers.get(CAUSATION, ""), at)
        self._times[received.place] = max(at, self._times.get(received.place, 0))
        return ()

    def tell(self, now: int, behind: Collection[TopicPartition] = ()) -> Sequence[Message]:
        """Return what is to be told because it is ``now``, as far as that is known where more is to be heard."""
        if behind:
            now = min(self._times.get(place, 0) for place in behind)
        found = [one for tenant in self.pulse.watches for one in self.pulse.advance(tenant, now)]
        fresh = [one for one in found if one.finding_info.uid not in self.told]
        for finding in fresh:
            _say(finding)
        return [message_of(finding) for finding in fresh]


async def told_before(log: Log, since: int) -> set[str]:
    """Return the ids of all that was told since then, by either engine."""
    told: set[str] = set()
    for partition in range(await log.partitions(FINDINGS.name)):
        start = await log.offset_at(TopicPartition(FINDINGS.name, partition), since)
        async for received in log.read(FINDINGS.name, partition, start):
            if received.headers.get(KIND) == Kind.OPERATIONS:
                told.add(received.headers.get("uid", ""))
    return told


def measure_of(received: Received) -> Measure:
    """Return the measure that ``received`` carries.

    Raises:
        Rejected: it is none, or one of another tenant.
    """
    try:
        measure = Measure.model_validate_json(received.value)
    except ValidationError as error:
        raise Rejected(f"no measure: {error}") from error
    if measure.tenant != received.tenant:
        raise Rejected(f"a measure of {measure.tenant!r} among those of {received.tenant!r}")
    return measure


def message_of(finding: Finding) -> Message:
    """Return ``finding`` as it travels."""
    tenant, uid = finding.metadata.tenant_uid, finding.finding_info.uid
    detail = finding.unmapped.stanch
    return Message(
        topic=FINDINGS.name,
        tenant=tenant,
        key=compose(tenant, uid),
        value=finding.model_dump_json(exclude_none=True).encode(),
        headers={"uid": uid, "event": detail.event_uid, KIND: detail.kind.value},
    )


def _say(finding: Finding) -> None:
    info, detail = finding.finding_info, finding.unmapped.stanch
    _log.warning(info.title, tenant=finding.metadata.tenant_uid, uid=info.uid, level=detail.level.value,
                 **finding.evidences[0].data)  # fmt: skip
