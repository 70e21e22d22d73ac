"""The embedded log: one SQLite file (or memory), one process, the same promises as on Kafka."""

from runtime.embedded.log import EmbeddedLog
from runtime.embedded.retention import Retention, Trimmed

__all__ = ["EmbeddedLog", "Retention", "Trimmed"]
