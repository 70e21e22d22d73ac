"""What the client raises, in our words: the cluster is out of reach, or the partition is somebody else's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiokafka.errors import (
    ConsumerStoppedError,
    IllegalOperation,
    InvalidProducerEpoch,
    KafkaError,
    ProducerFenced,
)

from runtime.errors import Oversize, Unavailable

CLIENT: Final = (KafkaError, TimeoutError, OSError, AssertionError, IllegalOperation, ConsumerStoppedError)
"""All that the client raises when something is wrong with the cluster, or with what it believes of it.

It asserts what it believes: after a fatal error its next calls raise AssertionError or IllegalOperation.
"""
SUPERSEDED: Final = (ProducerFenced, InvalidProducerEpoch)


@contextmanager
def reaching(what: str) -> Iterator[None]:
    """Say that ``what`` was being done when the cluster did not answer.

    Raises:
        Unavailable: it did not.
    """
    try:
        yield
    except CLIENT as error:
        raise Unavailable(f"Kafka, {what}: {described(error)}") from error


def too_large(error: BaseException) -> Oversize:
    """Return what to raise where the cluster takes less than we do."""
    return Oversize(f"Kafka refuses a message that this log takes ({described(error)}): see `stanch topics check`")


def described(error: BaseException) -> str:
    """Return the error in one line."""
    return f"{type(error).__name__}: {error}".strip().rstrip(":").replace("\n", " ")
