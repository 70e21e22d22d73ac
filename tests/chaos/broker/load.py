"""The load of the drill: everyday traffic, and short intrusions before, while and after the broker is away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, cycle, islice
from typing import Final

from lab.recording import RecordingOptions, record
from schemas.identity import event_uid
from schemas.times import MINUTE, SECOND
from services.ingest.ports import AUTO
from tests.e2e.intrusions import Intrusion

PATIENT, BRIEF = "acme", "brief"
"""Tenants: the holds of one last until somebody releases them, those of the other end while the broker is away."""
BRIEF_SECONDS: Final = 12.0
AWAY_AT: Final = 8.0
AFTER_SECONDS: Final = 8.0
_BEFORE: Final = (0.5, 1.5, 3.5, 6.0, AWAY_AT - 0.3)
INTRUSIONS: Final = tuple(Intrusion(number, BRIEF if number < 2 else PATIENT) for number in range(10))
TARGETS: Final = frozenset(name for one in INTRUSIONS for name in (one.host, one.account, *one.addresses))
"""All that is to be contained."""
BATCH: Final = 20
BATCHES_PER_SECOND: Final = 4


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a shipper sends in one request, ``at`` seconds after it began, and again until it is accepted."""

    at: float
    tenant: str
    key: str
    lines: Sequence[bytes]

    @property
    def uids(self) -> Sequence[str]:
        """The ids of the events that it becomes, each time the same."""
        place = f"http-key:{len(self.key)}:{self.key}"
        return [
            event_uid(self.tenant.encode(), AUTO, f"{place}:{index}", line) for index, line in enumerate(self.lines)
        ]


@dataclass(frozen=True, slots=True)
class Load:
    """All parcels, in the order in which they are due."""

    parcels: Sequence[Parcel]

    @property
    def uids(self) -> frozenset[str]:
        """The ids of all events."""
        return frozenset(uid for parcel in self.parcels for uid in parcel.uids)


def load(away_seconds: float, now: int) -> Load:
    """Return what is sent from ``now`` on, where the broker goes after ``AWAY_AT`` and comes back ``away_seconds`` later."""
    meanwhile = (AWAY_AT + share * away_seconds for share in (0.1, 0.5, 0.95))
    after = (AWAY_AT + away_seconds + pause for pause in (2.0, 6.0))
    attacks = [
        Parcel(at, one.tenant, f"attack-{one.number}", one.records(now + int(at * SECOND)).splitlines())
        for one, at in zip(INTRUSIONS, (*_BEFORE, *meanwhile, *after), strict=True)
    ]
    parcels = [*attacks, *_everyday(AWAY_AT + away_seconds + AFTER_SECONDS, now)]
    return Load(sorted(parcels, key=lambda one: one.at))


def _everyday(seconds: float, now: int) -> Iterator[Parcel]:
    film = record(RecordingOptions(attack=False, seed=3, start=now - 20 * MINUTE))
    lines = cycle(line.rstrip(b"\n") for line in film.lines)
    for number in islice(count(), int(seconds * BATCHES_PER_SECOND)):
        yield Parcel(number / BATCHES_PER_SECOND, PATIENT, f"everyday-{number}", list(islice(lines, BATCH)))


def token_variable(tenant: str) -> str:
    """The environment variable with the token of the tenant's shippers."""
    return f"TOKEN_OF_{tenant.upper()}"


def tokens() -> Mapping[str, str]:
    """The tokens, by variable."""
    return {token_variable(tenant): f"token-of-{tenant}" for tenant in (PATIENT, BRIEF)}
