"""What is committed together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from runtime.ledger.actions import Deed
from runtime.log import Message, TopicPartition
from runtime.metrics import Metrics

MANY = 2_000
LARGE_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class Transaction:
    """Messages, offsets and what is done after them. ``touched``: the tenants of whom something is written."""

    outputs: list[Message] = field(default_factory=list)
    upto: dict[TopicPartition, int] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

    bytes: int = 0

    def add(self, outputs: Sequence[Message]) -> None:
        """Add messages."""
        self.outputs += outputs
        self.bytes += sum(len(output.value) for output in outputs)

    @property
    def is_large(self) -> bool:
        """Whether it should be committed before more is added."""
        return len(self.outputs) >= MANY or self.bytes >= LARGE_BYTES

    @property
    def is_reading(self) -> bool:
        """Whether nothing was decided: at most, more was read."""
        return not (self.outputs or self.deeds or self.touched)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to commit; deeds alone also want to know that they are still ours."""
        return not (self.outputs or self.upto or self.deeds)

    def count(self, metrics: Metrics, service: str, ledger: str) -> None:
        """Count what has been committed."""
        for output in self.outputs:
            if output.topic == ledger:
                metrics.count("stanch_ledger_transitions_total", service=service, kind=output.headers["kind"])
            else:
                metrics.count("stanch_outputs_total", service=service, topic=output.topic)
        for deed in self.deeds:
            metrics.count("stanch_ledger_actions_total", service=service, kind=deed.action.kind)
