"""How often each rule fired, per second: told once the second has passed. What a crash loses is only counted less."""

from collections import Counter
from collections.abc import Iterator

from runtime.log import Message
from schemas.identity import compose
from schemas.measure import Measure
from schemas.times import SECOND
from schemas.topics import MEASURES

NAME = "detect.match"


class Meter:
    """Counts findings by tenant and rule."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._second = 0

    def count(self, tenant: str, rule_uid: str, now: int) -> None:
        """Count one finding of the rule."""
        self._second = self._second or now // SECOND
        self._counts[tenant, rule_uid] += 1

    def passed(self, now: int) -> list[Message]:
        """Return the measures of the second that has passed, once."""
        if not self._counts or now // SECOND <= self._second:
            return []
        messages = list(self._messages())
        self._counts.clear()
        self._second = 0
        return messages

    def _messages(self) -> Iterator[Message]:
        for (tenant, rule), count in sorted(self._counts.items()):
            measure = Measure(
                tenant=tenant, service=NAME, name="findings", subject=rule, second=self._second, count=count
            )
            yield Message(MEASURES.name, tenant, compose(tenant, rule), measure.model_dump_json().encode())
