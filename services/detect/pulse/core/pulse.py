"""All tenants under watch."""

from collections.abc import Sequence
from hashlib import blake2b

from runtime.errors import Rejected
from schemas.finding import Finding
from schemas.measure import Measure
from schemas.times import SECOND
from services.detect.pulse.core.series import FINDINGS, Series, identity_of
from services.detect.pulse.core.watch import Watch
from services.detect.pulse.settings import Settings


class Pulse:
    """What the measures say about the watching itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.watches: dict[str, Watch] = {}

    def observe(self, measure: Measure, cause: str, now: int) -> None:
        """Take in one measure, which ``cause`` led to; the same one again changes nothing, whatever came between.

        Raises:
            Rejected: it says something of a time that has not come, or counts less than nothing.
        """
        if measure.second * SECOND > now + self._settings.lateness_seconds * SECOND:
            raise Rejected(f"a measure of second {measure.second}, which has not come")
        if measure.count < 0 or measure.second < 0:
            raise Rejected("a measure below zero")
        digest = blake2b(cause.encode(), digest_size=6).hexdigest() if cause else ""
        identity = identity_of(measure.second, measure.name.replace(":", "_"), digest)
        self.watch(measure.tenant).observe(_series(measure), identity, measure.second, measure.count)

    def watch(self, tenant: str) -> Watch:
        """Return the watch over ``tenant``."""
        watch = self.watches.get(tenant)
        if watch is None:
            watch = self.watches[tenant] = Watch(tenant, self._settings)
        return watch

    def advance(self, tenant: str, now: int) -> Sequence[Finding]:
        """Return what is to be told of ``tenant`` once it is ``now``."""
        watch = self.watches.get(tenant)
        return watch.advance(now) if watch is not None else ()

    def deadline(self) -> int | None:
        """Return the next instant at which the passing of time alone may lead to something."""
        dues = (watch.deadline() for watch in self.watches.values())
        return min((due for due in dues if due is not None), default=None)


def _series(measure: Measure) -> Series:
    return Series(measure.service, measure.subject, measure.name == FINDINGS, measure.second, measure.second)
