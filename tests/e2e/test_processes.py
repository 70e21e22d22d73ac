"""One service as a process of its own: what it says of itself, how it starts, waits, refuses, shares and stops."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.log import Message
from schemas.topics import records_of
from tests.e2e.on_kafka import TENANT, Site, eventually, number_of, numbered, probe, site
from tests.e2e.processes import Up
from tests.servers.available import kafka_bootstrap, missing
from tests.servers.kafka import Broker, Unobtainable, running_broker

MANY = 20_000
STATELESS, LEDGER = "ingest", "respond"


@pytest.fixture
def bootstrap() -> str:
    return kafka_bootstrap()


@pytest.fixture
def deployed(tmp_path: Path, bootstrap: str) -> Site:
    found = site(tmp_path, bootstrap)
    found.create_topics()
    return found


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    try:
        with running_broker() as broker:
            yield broker
    except Unobtainable as error:
        missing(f"no Kafka broker of one's own: {error}")


@pytest.mark.parametrize("service", [STATELESS, LEDGER])
def test_it_says_that_it_lives_is_ready_and_how_it_fares(deployed: Site, service: str) -> None:
    with deployed.service(service) as up:
        up.wait_for("up")
        assert probe(up, "/live").json() == {"live": True}
        assert probe(up, "/ready").json() == {"ready": True, "waiting_for": []}
        assert "process_cpu_seconds_total" in probe(up, "/metrics").text
        assert up.stop() == 0


async def test_asked_to_stop_under_load_it_commits_and_the_next_one_begins_where_it_stopped(deployed: Site) -> None:
    topic = records_of(TENANT)
    records = [Message(topic, TENANT, "", numbered(number), {"position": f"p{number}"}) for number in range(MANY)]
    await deployed.asked(lambda log: log.append(records))
    with deployed.service(STATELESS) as first:
        await deployed.until("events", lambda found: len(found) > 0)
        began = time.monotonic()
        assert await asyncio.to_thread(first.stop) == 0
        assert time.monotonic() - began < 10
    done = len(await deployed.messages("events"))
    assert 0 < done < MANY
    with deployed.service(STATELESS):
        events = await deployed.until("events", lambda found: len(found) >= MANY)
    assert [number_of(event) for event in events] == list(range(MANY))


def test_a_wrong_configuration_is_refused_whole(deployed: Site) -> None:
    deployed.home.configure(
        {TENANT: "token: {env: NOBODY_SET_THIS}\nmode: SOMETIMES\n"}, "ingest: {http: {max_recrods: 5}}\n"
    )
    with deployed.service(STATELESS) as up:
        reason = _refusal(up)
        for wrong in ("NOBODY_SET_THIS", "SOMETIMES", "max_recrods"):
            assert wrong in reason
        assert "starting" not in [line["event"] for line in up.told]


@pytest.mark.parametrize("service", [STATELESS, LEDGER])
def test_missing_topics_refuse_the_start_and_the_cure_is_named(tmp_path: Path, bootstrap: str, service: str) -> None:
    bare = site(tmp_path, bootstrap)
    with bare.service(service) as up:
        reason = _refusal(up)
        assert "dead-letters" in reason
        assert "run `stanch topics create`" in reason
    bare.create_topics()
    with bare.service(service) as up:
        up.wait_for("up")


def test_an_address_that_is_none_is_refused(deployed: Site) -> None:
    done = deployed.home.command("topics", "list", "--log", "kafka:/nowhere")
    assert done.returncode == 2
    assert "write kafka://HOST:PORT" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("service", [STATELESS, LEDGER])
async def test_without_a_broker_it_waits_says_so_and_goes_on_when_one_comes(
    own_broker: Broker, tmp_path: Path, service: str
) -> None:
    lonely = site(tmp_path, own_broker.bootstrap)
    lonely.create_topics()
    own_broker.stop()
    with lonely.service(service) as up:
        await asyncio.to_thread(up.wait_for, "cannot start yet")
        assert probe(up, "/live").status_code == 200
        assert probe(up, "/ready").status_code == 503
        assert probe(up, "/ready").json() == {"ready": False, "waiting_for": [service]}
        await asyncio.to_thread(own_broker.start)
        await asyncio.to_thread(up.wait_for, "up")
        assert probe(up, "/ready").status_code == 200
        assert await asyncio.to_thread(up.stop) == 0


@pytest.mark.slow
@pytest.mark.parametrize("service", [STATELESS, LEDGER])
async def test_asked_to_stop_while_the_broker_is_away_it_ends_in_time(
    own_broker: Broker, tmp_path: Path, service: str
) -> None:
    lonely = site(tmp_path, own_broker.bootstrap)
    lonely.create_topics()
    with lonely.service(service) as at_work, lonely.service(service, "1") as another:
        for one in (at_work, another):
            await asyncio.to_thread(one.wait_for, "up")
        await lonely.asked(lambda log: log.append([Message(records_of(TENANT), TENANT, "", numbered(0))]))
        own_broker.kill()
        with lonely.service(service, "2") as waiting:
            await asyncio.to_thread(waiting.wait_for, "cannot start yet")
            ends = await asyncio.gather(*(asyncio.to_thread(one.stop) for one in (at_work, another, waiting)))
            assert ends == [0, 0, 0]


@pytest.mark.slow
async def test_two_members_share_the_partitions_and_one_takes_over_when_the_other_leaves(
    tmp_path: Path, bootstrap: str
) -> None:
    shared = site(tmp_path, bootstrap)
    shared.create_topics(partitions=4)
    with shared.service(LEDGER, "0") as first, shared.service(LEDGER, "1") as second:
        for one in (first, second):
            await asyncio.to_thread(one.wait_for, "up")
        await _owning(first, 2)
        await _owning(second, 2)
        assert await asyncio.to_thread(first.stop) == 0
        await _owning(second, 4)


async def _owning(up: Up, partitions: int) -> None:
    wanted = f'stanch_ledger_partitions{{service="{LEDGER}"}} {partitions}.0'
    await asyncio.to_thread(eventually, lambda: wanted in probe(up, "/metrics").text)


def _refusal(up: Up) -> str:
    """Why it refused to start; it has ended."""
    assert up.process.wait(30) == 2
    return str(up.wait_for("refused to start")["reason"])
