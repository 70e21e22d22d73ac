"""A log on Kafka is named by one word."""

import pytest

from runtime.errors import StartError
from runtime.log_address import KafkaAddress, kafka_address


def test_without_a_deployment_the_topics_bear_their_own_names_and_the_groups_ours() -> None:
    address = kafka_address("kafka://broker.example:9092")
    assert (address.bootstrap, address.prefix, address.group_prefix) == ("broker.example:9092", "", "stanch.")


def test_a_deployment_stands_before_topics_and_groups() -> None:
    address = kafka_address("kafka://one:9092,two:9093/blue")
    assert (address.bootstrap, address.prefix, address.group_prefix) == ("one:9092,two:9093", "blue.", "blue.")


@pytest.mark.parametrize("address", [KafkaAddress("h:1"), KafkaAddress("h:1,i:2", "green")])
def test_it_can_be_written_and_read_back(address: KafkaAddress) -> None:
    assert kafka_address(str(address)) == address


BAD = ("", "broker:9092", "kafka://", "kafka://broker", "kafka://b:9092/a b", "http://b:9092")
BAD_SERVERS = (
    "kafka://b:99999",
    "kafka://b:0",
    "kafka://b,c:9092",
    "kafka://b:9092,",
    "kafka://:9092",
    "kafka://b:9092,c:x,d:9092",
)


@pytest.mark.parametrize("text", [*BAD, *BAD_SERVERS])
def test_anything_else_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(StartError, match="kafka://HOST:PORT"):
        kafka_address(text)


@pytest.mark.parametrize("name", ["records", "stanch"])
def test_no_deployment_can_pass_for_the_one_without_a_name(name: str) -> None:
    with pytest.raises(StartError, match=f"no deployment can be called '{name}'"):
        kafka_address(f"kafka://b:9092/{name}")
