"""The normaliser: ``records.*`` in, ``events`` out, and how many per second of each source."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from runtime.deployment import Deployment
from runtime.errors import Rejected
from runtime.log import Message, Received
from runtime.stream import StreamWorker
from runtime.worker import Worker
from schemas.identity import REPLAY_KEY, compose
from schemas.measure import Measure
from schemas.tenant import RecordDefaults, Tenant
from schemas.times import SECOND
from schemas.topics import EVENTS, MEASURES, RECORDS_PREFIX, records_of
from services.ingest.core import Context, Normalized, Normalizer
from services.ingest.labels import Label, label_of
from services.ingest.ports import AUTO, MAPPED, Hints
from services.ingest.published import records_in
from services.ingest.receivers.split import Piece

NAME = "ingest"
TIME_QUALITY = "time-quality"
_NO_DEFAULTS = RecordDefaults()


class Ingest:
    """What is done with each record. ``virtual`` as in ``Deployment``: a replay has its own key and its own time."""

    def __init__(
        self, normalizer: Normalizer, tenants: Mapping[str, Tenant], hosts: Mapping[str, str], *, virtual: bool = False
    ) -> None:
        self._normalizer = normalizer
        self._names = frozenset(normalizer.names)
        self._tenants = tenants
        self._hosts = hosts
        self._virtual = virtual
        self._meter = Meter()

    def handle(self, received: Received, now: int) -> Sequence[Message]:
        """Return the event that the record becomes, and the measures of the seconds that have passed.

        A message that holds several records goes back to its topic record by record, each with its own position: from there
        on each has its own fate.

        Raises:
            Rejected: it becomes none.
        """
        tenant = received.topic.rpartition(RECORDS_PREFIX)[2]
        source = AUTO
        try:
            label = self._label(tenant, received, now)
            source = label.source
            pieces = records_in(received.value, label)
            outputs = self._outputs(tenant, label, pieces, _place_of(received, label), now)
        except Rejected:
            self._meter.count(tenant, source, "dead_letters", now)
            raise
        return [*outputs, *self._meter.passed(now)]

    def _label(self, tenant: str, received: Received, now: int) -> Label:
        known = self._tenants.get(tenant)
        if known is None and not self._virtual:
            raise Rejected(f"no tenant is called {tenant!r}")
        at = now if self._virtual else received.at
        defaults = known.records if known else _NO_DEFAULTS
        return label_of(received.headers, received.key, at, defaults, self._names)

    def _outputs(self, tenant: str, label: Label, pieces: Sequence[Piece], place: str, now: int) -> Sequence[Message]:
        if len(pieces) > 1:
            return [_record(tenant, label, piece, f"{place}:{index}") for index, piece in enumerate(pieces)]
        hints = Hints(label.at, label.host or self._hosts.get(label.source, ""), pieces[0].preamble)
        context = Context(tenant, self._key(tenant), label.source, place, hints)
        normalized = self._normalizer.normalize(pieces[0].record, context)
        name = "normalized" if normalized.mapped else "base"
        self._meter.count(tenant, normalized.headers.source, name, now)
        return [_event(tenant, normalized)]

    def _key(self, tenant: str) -> bytes:
        """Return what makes event ids unforeseeable; a tenant without a key of its own is still kept apart by its name."""
        if self._virtual:
            return REPLAY_KEY
        key = self._tenants[tenant].key
        return key.get_secret_value().encode() if key else tenant.encode()


class Meter:
    """Counts what became of the records, per second; a second is told once it has passed."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._second = 0

    def count(self, tenant: str, source: str, name: str, now: int) -> None:
        """Count one record of ``source``."""
        self._second = self._second or now // SECOND
        self._counts[tenant, source, name] += 1

    def passed(self, now: int) -> Sequence[Message]:
        """Return the measures of the second that has passed, once."""
        if now // SECOND <= self._second:
            return ()
        messages = tuple(self._messages())
        self._counts.clear()
        self._second = now // SECOND
        return messages

    def _messages(self) -> Iterator[Message]:
        for (tenant, source, name), count in sorted(self._counts.items()):
            measure = Measure(tenant=tenant, service=NAME, name=name, subject=source, second=self._second, count=count)
            yield Message(MEASURES.name, tenant, compose(tenant, source), measure.model_dump_json().encode())


def worker(deployment: Deployment, normalizer: Normalizer, hosts: Mapping[str, str]) -> Worker:
    """Return the normaliser at work on the deployment's log."""
    ingest = Ingest(normalizer, deployment.tenants, hosts, virtual=deployment.virtual)
    return StreamWorker(deployment, NAME, (f"{RECORDS_PREFIX}*",), ingest.handle)


def _place_of(received: Received, label: Label) -> str:
    return label.position or f"{received.topic}-{received.partition}-{received.offset}"


def _record(tenant: str, label: Label, piece: Piece, position: str) -> Message:
    headers = label.headers(position, piece.preamble)
    return Message(records_of(tenant), tenant, label.source, piece.record, headers)


def _event(tenant: str, normalized: Normalized) -> Message:
    key = compose(tenant, normalized.entity) if normalized.entity else compose(tenant)
    headers = normalized.headers.as_headers()
    headers[MAPPED] = "1" if normalized.mapped else "0"
    headers[TIME_QUALITY] = normalized.quality
    return Message(EVENTS.name, tenant, key, normalized.value, headers)
