"""Where the cluster is, as whom we are there, and what things are called on it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka.structs import TopicPartition as Place

from runtime.kafka.security import Security
from runtime.log import MAX_MESSAGE_BYTES, TopicPartition

UNNAMED: Final = "stanch."
"""What stands before groups and owners of the deployment without a name."""
SESSION_SECONDS: Final = 10.0
HEADROOM_BYTES: Final = 64 * 1024
"""What the cluster's own framing of a message, and our header with its tenant, may add to it."""
LARGEST_BATCH_BYTES: Final = MAX_MESSAGE_BYTES + HEADROOM_BYTES


@dataclass(frozen=True, slots=True)
class Cluster:
    """``prefix`` stands before every stored topic; ``member`` names this replica for good, or not at all."""

    bootstrap: str
    prefix: str = ""
    member: str | None = None
    session_seconds: float = SESSION_SECONDS
    security: Security = field(default_factory=Security)

    def client(self, client_id: str) -> dict[str, Any]:
        """Return what every client of ours is given."""
        return {"bootstrap_servers": self.bootstrap, "client_id": client_id, **self.security.options()}

    def stored(self, topic: str) -> str:
        """Return what ``topic`` is called on the cluster."""
        return self.prefix + topic

    def visible(self, stored: str) -> str:
        """Return what the topic that the cluster calls ``stored`` is called here."""
        return stored[len(self.prefix) :]

    def place(self, place: TopicPartition) -> Place:
        """Return ``place`` as the cluster names it."""
        return Place(self.prefix + place.topic, place.partition)

    def places(self, upto: Mapping[TopicPartition, int]) -> dict[Place, int]:
        """Return ``upto`` as the cluster names it."""
        return {self.place(place): offset for place, offset in upto.items()}

    def owner(self, service: str, partition: int) -> str:
        """Return the transactional id of whoever owns the service's partition."""
        return f"{self.prefix or UNNAMED}{service}-{partition}"

    def instance(self, group: str, half: int = 0) -> str | None:
        """Return by what name the group takes this replica back after a restart; its halves have one each."""
        return None if self.member is None else f"{group}-{self.member}{f'.{half}' if half else ''}"

    def pattern(self, topics: Iterable[str]) -> str:
        """Return a regular expression for ``topics``, of which those that end in ``*`` stand for many."""
        return f"^(?:{'|'.join(map(self._expression, topics))})$"

    def _expression(self, topic: str) -> str:
        return re.escape(self.stored(topic.removesuffix("*"))) + (".*" if topic.endswith("*") else "")
