"""The servers that the other tests meet are what they claim to be."""

from tests.servers.available import kafka_bootstrap
from tests.servers.kafka import answers, running_broker


async def test_the_shared_broker_answers() -> None:
    assert await answers(kafka_bootstrap())


def test_a_broker_of_ones_own_comes_back_after_a_kill_with_another_process() -> None:
    kafka_bootstrap()  # skips, or fails, where there is none to be had
    with running_broker() as broker:
        before = broker.pid
        broker.kill()
        broker.start()
        assert broker.pid != before
