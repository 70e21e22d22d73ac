"""The log on Kafka: many processes and machines, the same promises as in one file."""

from runtime.kafka.admin import KafkaAdmin, TopicState
from runtime.kafka.log import KafkaLog
from runtime.kafka.security import Security, security_of

__all__ = ["KafkaAdmin", "KafkaLog", "Security", "TopicState", "security_of"]
