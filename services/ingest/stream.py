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
from schemas.tenant import Tenant
from schemas.times import SECOND
from schemas.topics import EVENTS, MEASURES, RECORDS_PREFIX
from services.ingest.core import Context, Normalized, Normalizer
from services.ingest.ports import AUTO, MAPPED, Hints

NAME = "ingest"
TIME_QUALITY = "time-quality"


class Ingest:
    """What is done with each record. ``virtual`` as in ``Deployment``: a replay has its own key and its own time."""

    def __init__(
        self, normalizer: Normalizer, tenants: Mapping[str, Tenant], hosts: Mapping[str, str], *, virtual: bool = False
    ) -> None:
        self._normalizer = normalizer
        self._tenants = tenants
        self._hosts = hosts
        self._virtual = virtual
        self._meter = Meter()

    def handle(self, received: Received, now: int) -> Sequence[Message]:
        """Return the event that the record becomes, and the measures of the seconds that have passed.

        Raises:
            Rejected: it becomes none.
        """
        tenant = received.topic.rpartition(RECORDS_PREFIX)[2]
        context = self._context(tenant, received, now)
        try:
            normalized = self._normalizer.normalize(received.value, context)
        except Rejected:
            self._meter.count(tenant, context.source, "dead_letters", now)
            raise
        name = "normalized" if normalized.mapped else "base"
        self._meter.count(tenant, normalized.headers.source, name, now)
        return [_event(tenant, normalized), *self._meter.passed(now)]

    def _context(self, tenant: str, received: Received, now: int) -> Context:
        headers = received.headers
        source = headers.get("source") or received.key or AUTO
        position = headers.get("position") or f"{received.topic}-{received.partition}-{received.offset}"
        at = now if self._virtual else received.at
        return Context(
            tenant,
            self._key(tenant),
            source,
            position,
            Hints(at, self._hosts.get(source, ""), headers.get("preamble", "")),
        )

    def _key(self, tenant: str) -> bytes:
        """Return what makes event ids unforeseeable; a tenant without a key of its own is still kept apart by its name."""
        if self._virtual:
            return REPLAY_KEY
        known = self._tenants.get(tenant)
        if known is None:
            raise Rejected(f"no tenant is called {tenant!r}")
        return known.key.get_secret_value().encode() if known.key else tenant.encode()


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


def _event(tenant: str, normalized: Normalized) -> Message:
    key = compose(tenant, normalized.entity) if normalized.entity else compose(tenant)
    headers = normalized.headers.as_headers()
    headers[MAPPED] = "1" if normalized.mapped else "0"
    headers[TIME_QUALITY] = normalized.quality
    return Message(EVENTS.name, tenant, key, normalized.value, headers)
