"""`stanch up --log kafka://...` and the operator's commands on the same log, with a real broker and the lab over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from runtime.clock import WallClock
from runtime.log_address import KafkaAddress, kafka_address
from tests.chaos.respond.trial import processes, running_lab
from tests.e2e.following import hold_of, published_on
from tests.e2e.processes import Home, tenant_file
from tests.e2e.test_up import QUICK, TOKEN, changes, enrolled, strike
from tests.servers.available import kafka_bootstrap

PARTITIONS = "3"


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    with running_lab(processes()) as address:
        yield address


@pytest.fixture
def log() -> KafkaAddress:
    return kafka_address(f"kafka://{kafka_bootstrap()}/up-{uuid4().hex[:8]}")


@pytest.fixture
def home(tmp_path: Path, lab: str) -> Home:
    home = Home(tmp_path, {"ACME_TOKEN": TOKEN})
    home.configure({"acme": tenant_file(lab, "ACME_TOKEN")}, QUICK)
    return home


def created(home: Home, log: KafkaAddress) -> None:
    done = home.command("topics", "create", "--config", str(home.config), "--log", str(log), "--partitions", PARTITIONS)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
async def test_an_intrusion_is_contained_shown_undone_and_halted(home: Home, lab: str, log: KafkaAddress) -> None:
    created(home, log)
    first, second = enrolled(lab), enrolled(lab)
    with home.up("--log", str(log)) as up:
        strike(up, first)
        hold = await published_on(log.open(WallClock()), "holds", hold_of(first.account, "verified"))
        assert first.account in home.command("incidents", "--log", str(log)).stdout
        assert hold["uid"] in home.command("holds", "--log", str(log)).stdout
        assert home.command("halt", "--log", str(log), "--reason", "a drill").returncode == 0
        strike(up, second)
        denied = await published_on(log.open(WallClock()), "holds", hold_of(second.account, "denied"))
        assert "HALT" in denied["reason"]
        assert home.command("release", hold["uid"], "--log", str(log)).returncode == 0
        await published_on(log.open(WallClock()), "holds", hold_of(first.account, "released"))
        assert up.stop() == 0
    assert changes(lab, first.account) == {"disable": 1, "enable": 1}
    assert changes(lab, second.account) == changes(lab, second.host) == {}


def test_the_doctor_finds_what_is_wrong_and_names_the_cure(home: Home, log: KafkaAddress) -> None:
    before = home.command("doctor", "--config", str(home.config), "--log", str(log))
    assert before.returncode == 1
    assert "stanch topics create" in before.stdout
    created(home, log)
    after = home.command("doctor", "--config", str(home.config), "--log", str(log))
    assert after.returncode == 0, after.stdout
    assert "transactions are allowed" in after.stdout
    nowhere = home.command("doctor", "--config", str(home.config), "--log", "kafka://127.0.0.1:1/x")
    assert nowhere.returncode == 1
    assert "does not answer" in nowhere.stdout


def test_topics_are_created_once_listed_and_checked(home: Home, log: KafkaAddress) -> None:
    options = ("--config", str(home.config), "--log", str(log))
    missing = home.command("topics", "check", *options)
    assert (missing.returncode, "records.acme" in missing.stdout) == (1, True)
    created(home, log)
    again = home.command("topics", "create", *options)
    assert "0 topics created" in again.stdout
    assert home.command("topics", "check", *options).returncode == 0
    listed = home.command("topics", "list", "--log", str(log)).stdout
    assert "records.acme" in listed
    assert "respond.ledger" in listed


def test_up_without_its_topics_names_the_cure(home: Home, log: KafkaAddress) -> None:
    done = home.command("up", "--config", str(home.config), "--log", str(log), "--port", "0")
    assert done.returncode == 2
    assert "stanch topics create" in done.stderr
