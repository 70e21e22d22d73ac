"""Messages as records of Kafka, and back. Others publish too: nothing in a record is taken on trust.

The tenant of ``records.<tenant>`` is the topic, which access rules guard; elsewhere it is our own header, else what
stands before ``|`` in the key. A record's timestamp is receipt time: our clock's, but on ``records.*``, where clocks that
are not ours write, the broker's.
"""

from typing import Final

from aiokafka.structs import ConsumerRecord

from runtime.errors import Oversize, Rejected
from runtime.log import MAX_MESSAGE_BYTES, Message, Received
from schemas.topics import RECORDS_PREFIX

TENANT: Final = "stanch-tenant"

Record = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, value, headers."""


def record_of(message: Message) -> Record:
    """Return ``message`` as a record.

    Raises:
        Oversize: it is larger than the log takes.
        Rejected: its key or a header is no Unicode text.
    """
    try:
        key = message.key.encode()
        headers = [(name, text.encode()) for name, text in message.headers.items()]
        size = len(key) + len(message.value) + sum(len(name.encode()) + len(text) for name, text in headers)
        headers.append((TENANT, message.tenant.encode()))
    except UnicodeEncodeError as error:
        raise Rejected(f"a message for {message.topic} whose key or headers are no text: {error}") from error
    if size > MAX_MESSAGE_BYTES:
        raise Oversize(f"a message of {size} bytes for {message.topic}; the log takes {MAX_MESSAGE_BYTES}")
    return key, message.value, headers


def received(record: "ConsumerRecord[bytes | None, bytes | None]", topic: str) -> Received:
    """Return ``record`` of the topic that we call ``topic``."""
    headers = {name: _text(value) for name, value in record.headers}
    key = _text(record.key)
    return Received(
        topic, record.partition, record.offset, _tenant(topic, key, headers), key, record.value or b"", headers,
        record.timestamp,
    )  # fmt: skip


def _tenant(topic: str, key: str, headers: dict[str, str]) -> str:
    said = headers.pop(TENANT, None)
    if topic.startswith(RECORDS_PREFIX):
        return topic[len(RECORDS_PREFIX) :]
    return key.partition("|")[0] if said is None else said


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode(errors="backslashreplace")
