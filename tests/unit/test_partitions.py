"""The partition of a message is Kafka's own, so that another tool that publishes by key lands where we look."""

import pytest
from aiokafka.partitioner import DefaultPartitioner

from runtime.log import Message
from runtime.partitions import partition_of, positive_murmur2, tenant_partition
from schemas.topics import LEDGER_SERVICES, TOPICS, records_of


# Kafka's own table, UtilsTest.testMurmur2, with the sign bit cut off
@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_murmur2_agrees_with_kafkas_table(text: str, signed: int) -> None:
    assert positive_murmur2(text) == signed & 0x7FFFFFFF


@pytest.mark.parametrize("key", ["acme|WS01", "", "ü", "x" * 300])
def test_a_key_lands_where_kafkas_client_would_put_it(key: str) -> None:
    partitions = list(range(7))
    expected = DefaultPartitioner()(key.encode(), partitions, partitions)
    assert partition_of(Message("events", "acme", key, b""), 7) == expected


def test_a_tenant_has_one_partition_wherever_a_ledger_service_looks() -> None:
    topics = [
        topic
        for topic in TOPICS.values()
        if set(LEDGER_SERVICES) & {*topic.producers, *topic.consumers} and topic.partition_by != "one"
    ]
    assert len(topics) >= 9
    for tenant in ("acme", "globex", "initech"):
        places = {partition_of(Message(topic.name, tenant, "any", b""), 12) for topic in topics}
        assert places == {tenant_partition(tenant, 12)}


def test_a_topic_of_one_partition_and_a_log_of_one_partition() -> None:
    assert partition_of(Message("modes", "acme", "*", b""), 12) == 0
    assert partition_of(Message("events", "acme", "acme|h", b""), 1) == 0


def test_records_are_partitioned_by_their_tenant() -> None:
    message = Message(records_of("acme"), "acme", "windows", b"")
    assert partition_of(message, 12) == tenant_partition("acme", 12)


def test_what_nobody_declared_has_no_partition() -> None:
    with pytest.raises(KeyError):
        partition_of(Message("rumours", "acme", "k", b""), 3)
