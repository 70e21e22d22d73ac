"""The topics: the one declaration from which documents, creation and tests follow."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.finding import Finding
from schemas.hold import Hold
from schemas.incident import Incident
from schemas.measure import Measure
from schemas.mode import ModeChange
from schemas.notification import Notification
from schemas.remediation import Remediation

Retention = Literal["short", "long", "compact", "forever"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. ``partition_by`` says what murmur2 hashes: the tenant, or the whole key."""

    name: str
    key: str
    what: str
    model: type[BaseModel] | None
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partition_by: Literal["tenant", "key", "one"] = "tenant"
    retention: Retention = "short"
    public: bool = True


LEDGER_SERVICES = ("detect.correlate", "respond", "notify")
PEOPLE = ("stanch",)

EVENTS = Topic("events", "tenant|host, else tenant|account, else tenant", "OCSF events, the native object beside each", None,
               ("ingest",), ("detect.match", "detect.context"), partition_by="key")  # fmt: skip
FINDINGS = Topic(
    "findings",
    "tenant|uid",
    "OCSF Detection Finding 2004",
    Finding,
    ("detect.match", "detect.pulse"),
    ("detect.correlate",),
)
FACTS = Topic("facts", "tenant|entity", "what correlation must know of events that no rule fired on", None,
              ("detect.context",), ("detect.correlate",))  # fmt: skip
INCIDENTS = Topic("incidents", "tenant|incident", "OCSF Incident Finding 2005, the latest state", Incident,
                  ("detect.correlate",), ("respond", "notify"), retention="compact")  # fmt: skip
DECISIONS = Topic("decisions", "tenant|subject", "what a human said", Decision, PEOPLE,
                  ("detect.correlate", "respond", "notify"), retention="long")  # fmt: skip
MODES = Topic("modes", "tenant or *", "ARMED ... HALT_ALL", ModeChange, PEOPLE, ("respond",), "one", "compact")
HOLDS = Topic("holds", "tenant|hold", "the public state of every hold", Hold, ("respond",), ("notify", "stanch"),
              retention="compact")  # fmt: skip
REMEDIATIONS = Topic("remediations", "tenant|lane", "OCSF Remediation Activity 7001-7004", Remediation, ("respond",),
                     ("stanch",), retention="long")  # fmt: skip
NOTIFICATIONS = Topic("notifications", "tenant|incident", "who was told what, with what result", Notification, ("notify",),
                      ("stanch",), retention="long")  # fmt: skip
MEASURES = Topic("measures", "tenant|source or rule", "counts per second of the services' own work", Measure,
                 ("ingest", "detect.match"), ("detect.pulse",), partition_by="key")  # fmt: skip
DEAD_LETTERS = Topic("dead-letters", "tenant|origin", "messages given up, with their bytes and the reason", DeadLetter,
                     ("ingest", "detect.match", "detect.context", "detect.pulse", *LEDGER_SERVICES), ("stanch",), retention="long")  # fmt: skip
CORRELATE_LEDGER = Topic("detect.ledger", "tenant|sub-state", "correlate's own truth", None, ("detect.correlate",),
                         ("detect.correlate",), retention="forever", public=False)  # fmt: skip
RESPOND_LEDGER = Topic("respond.ledger", "tenant|sub-state", "respond's own truth", None, ("respond",), ("respond",),
                       retention="forever", public=False)  # fmt: skip
NOTIFY_LEDGER = Topic("notify.ledger", "tenant|sub-state", "notify's own truth", None, ("notify",), ("notify",),
                      retention="forever", public=False)  # fmt: skip

RECORDS_PREFIX = "records."
RECORDS = Topic("records.<tenant>", "source", "bytes exactly as received; other tools publish here", None, ("ingest",),
                ("ingest",))  # fmt: skip

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        RECORDS, EVENTS, FINDINGS, FACTS, INCIDENTS, DECISIONS, MODES, HOLDS, REMEDIATIONS, NOTIFICATIONS,
        CORRELATE_LEDGER, RESPOND_LEDGER, NOTIFY_LEDGER, MEASURES, DEAD_LETTERS,
    )
}  # fmt: skip


PULSE_STATE = "detect.pulse.faust-series-changelog"


def internal(prefix: str) -> tuple[str, ...]:
    """Return the names on Kafka of the topics that pulse's engine keeps its state in, makes itself, and nobody else reads."""
    return (prefix + PULSE_STATE,)


def records_of(tenant: str) -> str:
    """Return the name of the topic that carries the tenant's records: the tenant is the topic, never the payload."""
    return f"{RECORDS_PREFIX}{tenant}"


def declared(name: str) -> Topic:
    """Return the declaration of the topic called ``name``.

    Raises:
        KeyError: nobody declared it.
    """
    return RECORDS if name.startswith(RECORDS_PREFIX) else TOPICS[name]
