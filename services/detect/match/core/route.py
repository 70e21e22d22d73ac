"""Which rules an event of one kind concerns, from headers alone.

A rule stays out only where what its logsource says contradicts what is known of the event; what the event leaves open does
not keep a rule out (fail-open), but something must agree. For Windows the tables know: a category is certain kinds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from schemas.event import EventHeaders, LogSource
from services.detect.match.core.rule import Rule
from services.detect.match.core.tree import Both, Either, How, Node, Text
from services.detect.match.core.view import text_of
from services.detect.match.core.windows import CHANNELS, KINDS, RENAMES

_EQUIVALENT_SERVICES = {
    "auth": frozenset({"sshd", "sudo", "su", "pam", "login", "authpriv"}),
    "syslog": frozenset({"sshd", "sudo", "su", "cron", "pam", "auth", "kernel", "daemon"}),
}
"""A rule for the file /var/log/auth.log or the whole syslog concerns the programs that write there."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What routing looks at: ``kind`` of the headers in lower case, and the logsource that ingest gave."""

    name: str
    logsource: LogSource

    @classmethod
    def of(cls, headers: EventHeaders) -> "Kind":
        """Return the kind of the event that ``headers`` describe."""
        given = headers.logsource
        return kind_of(headers.kind, given.product, given.category, given.service)

    @property
    def channel(self) -> str:
        """The Windows channel, `""` where the kind names none."""
        channel, _, number = self.name.rpartition("/")
        return channel if number.isdigit() else ""

    @property
    def event_id(self) -> str | None:
        """The Windows event id, None where the kind names none."""
        return self.name.rpartition("/")[2] if self.channel else None


@lru_cache(maxsize=8192)
def kind_of(name: str, product: str, category: str, service: str) -> Kind:
    """Return the kind of events with these headers."""
    return Kind(name.lower(), LogSource(product.lower(), category.lower(), service.lower()))


def concerns(rule: LogSource, kind: Kind) -> bool:
    """Return whether a rule with this logsource runs on events of ``kind``."""
    verdicts = (_product(rule, kind), _category(rule, kind), _service(rule, kind))
    stated = bool(rule.product or rule.category or rule.service)
    return False not in verdicts and (True in verdicts or not stated)


def is_known_logsource(rule: LogSource) -> bool:
    """Return whether the tables know where Windows writes what this rule asks for; other products have no tables."""
    if rule.product != "windows":
        return True
    return (not rule.category or rule.category in KINDS) and (not rule.service or rule.service in CHANNELS)


def renames(rule: LogSource, kind: Kind) -> dict[str, str]:
    """Return how events of ``kind`` name the fields of a rule that names a category of another log."""
    return dict(RENAMES.get(kind.name, {})) if rule.category in KINDS else {}


def possible(node: Node, event_id: str | None) -> bool:
    """Return False where ``node`` cannot hold for events with this id; True says nothing."""
    wanted = None if event_id is None else _event_ids(node)
    return wanted is None or event_id in wanted


def routed(rules: Iterable[Rule], kind: Kind) -> tuple[Rule, ...]:
    """Return the rules that events of ``kind`` concern."""
    return tuple(rule for rule in rules if concerns(rule.logsource, kind) and possible(rule.node, kind.event_id))


def _product(rule: LogSource, kind: Kind) -> bool | None:
    known = "windows" if kind.channel and not kind.logsource.product else kind.logsource.product
    return _agrees(rule.product, known)


def _category(rule: LogSource, kind: Kind) -> bool | None:
    if kind.channel and rule.category in KINDS:
        return kind.name in KINDS[rule.category]
    return _agrees(rule.category, kind.logsource.category)


def _service(rule: LogSource, kind: Kind) -> bool | None:
    if kind.channel and rule.service in CHANNELS:
        return kind.channel in CHANNELS[rule.service]
    if kind.logsource.service in _EQUIVALENT_SERVICES.get(rule.service, ()):
        return True
    return _agrees(rule.service, kind.logsource.service)


def _agrees(wanted: str, known: str) -> bool | None:
    return wanted == known if wanted and known else None


def _event_ids(node: Node) -> frozenset[str] | None:
    """The event ids outside of which ``node`` cannot hold; None where any may do."""
    if isinstance(node, Text):
        exact = node.field == "EventID" and node.how is How.EQUALS
        return frozenset(text_of(needle) for needle in node.needles) if exact else None
    if isinstance(node, Both):
        known = [ids for part in node.parts if (ids := _event_ids(part)) is not None]
        return frozenset.intersection(*known) if known else None
    if isinstance(node, Either):
        each = [_event_ids(part) for part in node.parts]
        known = [ids for ids in each if ids is not None]
        return frozenset.union(*known) if len(known) == len(each) else None
    return None
