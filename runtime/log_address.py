"""Which log a process works on, as one word: ``kafka://HOST:PORT[,HOST:PORT...][/DEPLOYMENT]``.

As whom we are there stands in the environment: runtime/kafka/security.py.
"""

import os
import re
from dataclasses import dataclass
from typing import Final

from runtime.clock import Clock
from runtime.errors import StartError
from runtime.kafka import KafkaAdmin, KafkaLog, security_of
from runtime.kafka.cluster import UNNAMED

KAFKA: Final = "kafka://"
FORM: Final = r"kafka://HOST:PORT[,...]\[/DEPLOYMENT]"
"""For the help of commands, whose brackets are markup."""
LARGEST_PORT: Final = 65_535
RESERVED: Final = frozenset({"records", UNNAMED.rstrip(".")})
"""As deployments, what is theirs would look like topics and groups of the deployment without a name."""
_FORM = re.compile(r"kafka://(?P<servers>[^/@\s]+:\d{1,5})(?:/(?P<deployment>[a-zA-Z0-9_-]{1,80})/?)?")


@dataclass(frozen=True, slots=True)
class KafkaAddress:
    """A Kafka cluster, and the deployment on it: the prefix of topics, groups and transactional ids."""

    bootstrap: str
    deployment: str = ""

    @property
    def prefix(self) -> str:
        """What stands before every topic."""
        return f"{self.deployment}." if self.deployment else ""

    @property
    def group_prefix(self) -> str:
        """What stands before every consumer group."""
        return self.prefix or UNNAMED

    def open(self, clock: Clock, member: str | None = None) -> KafkaLog:
        """Return the log; ``member`` names this replica for good, so that it comes back to its partitions at once."""
        return KafkaLog(self.bootstrap, clock, self.prefix, member=member, security=security_of(os.environ))

    def admin(self) -> KafkaAdmin:
        """Return the administration of the deployment's topics."""
        return KafkaAdmin(self.bootstrap, self.prefix, security=security_of(os.environ))

    def __str__(self) -> str:
        return f"{KAFKA}{self.bootstrap}{f'/{self.deployment}' if self.deployment else ''}"


def kafka_address(text: str) -> KafkaAddress:
    """Return what ``text`` names.

    Raises:
        StartError: it names no Kafka log.
    """
    found = _FORM.fullmatch(text)
    if found is None or not all(map(_has_port, found["servers"].split(","))):
        raise StartError(f"--log {text}: write kafka://HOST:PORT[,HOST:PORT...][/DEPLOYMENT]")
    deployment = found["deployment"] or ""
    if deployment in RESERVED:
        raise StartError(f"--log {text}: no deployment can be called {deployment!r}; choose another name")
    return KafkaAddress(found["servers"], deployment)


def _has_port(server: str) -> bool:
    host, _, port = server.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) <= LARGEST_PORT
