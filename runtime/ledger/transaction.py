"""What is committed together."""

from dataclasses import dataclass, field

from runtime.ledger.actions import Deed
from runtime.log import Message, TopicPartition
from runtime.metrics import Metrics


@dataclass(slots=True)
class Transaction:
    """Messages, offsets and what is done after them. ``touched``: the tenants of whom something is written."""

    outputs: list[Message] = field(default_factory=list)
    upto: dict[TopicPartition, int] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

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
