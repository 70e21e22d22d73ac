"""What a connector promises, of nftables on the real thing: a kernel's packet filter in a network namespace of the test's own.

The clock here is the machine's, since the kernel's is; faults come from the program that stands in front of ``nft``.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import httpx
import orjson
import pytest

from runtime.errors import ConfigError
from schemas.command import Args, Command
from schemas.control import Control
from schemas.entity import EntityType
from schemas.tenant import ConnectorConfig, Tenant
from schemas.times import MINUTE, SECOND
from services.respond.connectors.nftables import CONNECTOR
from services.respond.plugins import load_connectors
from services.respond.ports.aims import Aim
from services.respond.ports.connectors import (
    Accepted,
    CredentialsRefused,
    NotSent,
    Observed,
    Order,
    OutcomeUnknown,
    Refused,
    Resolved,
    Session,
)
from services.respond.products import open_products
from tests.servers.namespaces import Namespace, inside, namespace, need_packet_filter, program
from tests.servers.sshd import Sshd, running_sshd

STRANGER, OTHER, SIX = "203.0.113.7", "203.0.113.8", "2001:db8::7"
CONTROL = Control.IP_BLOCK
PATIENCE = 15.0


def now() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Bench:
    """The connector at a packet filter that nobody else uses."""

    where: Namespace
    programs: Path
    config: Mapping[str, object] = field(default_factory=dict)

    def session(self, seconds: float = 5, **more: object) -> Session:
        given = {"name": "it", "kind": "nftables", "base_url": "local:", **self.config, **more}
        client = httpx.AsyncClient(timeout=seconds)
        return CONNECTOR.open(ConnectorConfig.model_validate(given), client, now)

    def fault(self, name: str) -> None:
        """Let the next call of nft meet it."""
        (self.programs / "fault").write_text(name)

    def orders(self) -> list[list[dict[str, object]]]:
        """What was given to nft to change something."""
        given = [orjson.loads(path.read_bytes())["nftables"] for path in sorted((self.programs / "calls").iterdir())]
        return [batch for batch in given if "list" not in batch[0]]

    def nft(self, *words: str) -> str:
        """What an administrator sees or does."""
        done = self.where.run(program("nft"), *words)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with namespace() as where:
        need_packet_filter(where)
        programs = inside(where, tmp_path / "programs", "nft", "ip")
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        monkeypatch.delenv("SSH_CONNECTION", raising=False)
        yield Bench(where, programs)


def order(address: str = STRANGER, key: str = "key-1", lasts: int = MINUTE) -> Order:
    """An effect as it is sent."""
    begin = now()
    command = Command(
        action="deny",
        target={"x": {}},
        args=Args(start_time=begin, stop_time=begin + lasts),
        actuator={},
        command_id=key,
    )
    return Order(command, CONTROL, Resolved(address, address), begin, begin + lasts)


async def seen(session: Session, address: str = STRANGER) -> Observed:
    return await session.observe(Resolved(address, address), CONTROL, 0)


def until(condition: Callable[[], bool]) -> None:
    """Wait for the kernel."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@pytest.mark.parametrize("address", [STRANGER, SIX])
async def test_it_applies_proves_and_releases_with_one_call_each(bench: Bench, address: str) -> None:
    session = bench.session()
    assert not (await seen(session, address)).applied
    first = order(address)
    assert await session.apply(first) == Accepted()
    assert await seen(session, address) == Observed(True, owner=first.key, until=first.until)
    proof = await session.verify(first.resolved, CONTROL, first.since)
    assert (proof.verdict, proof.counts) == ("holds", {"dropped": 0})
    assert len(bench.orders()) == 1
    assert await session.release(order(address, "key-2"), {}) == Accepted()
    assert not (await seen(session, address)).applied
    assert len(bench.orders()) == 2


async def test_the_kernel_ends_it_by_itself(bench: Bench) -> None:
    session = bench.session()
    await session.apply(order(lasts=1_200))
    assert STRANGER in bench.nft("list", "ruleset")
    until(lambda: STRANGER not in bench.nft("list", "ruleset"))
    assert not (await seen(session)).applied
    assert await session.release(order(), {}) == Accepted(), "what is gone is out"


async def test_a_longer_lease_replaces_the_element_in_one_transaction(bench: Bench) -> None:
    session = bench.session()
    await session.apply(order(lasts=20 * SECOND))
    longer = order(lasts=10 * MINUTE)
    assert await session.apply(longer) == Accepted()
    assert (await seen(session)).until == longer.until
    assert bench.nft("list", "ruleset").count(STRANGER) == 1


async def test_what_somebody_else_put_there_is_seen_as_theirs_and_left_alone(bench: Bench) -> None:
    session = bench.session()
    await session.apply(order(OTHER))
    bench.nft("add", "element", "inet", "stanch", "blocked4", f'{{ {STRANGER} comment "by hand" }}')
    theirs = await seen(session)
    assert (theirs.applied, theirs.owner, theirs.until) == (True, "by", None)
    answer = await session.apply(order())
    assert isinstance(answer, Refused)
    assert answer.kind == "conflict"
    await session.release(order(OTHER), {})
    assert "by hand" in bench.nft("list", "ruleset")


async def test_other_tables_are_none_of_its_business(bench: Bench) -> None:
    bench.nft("add", "table", "inet", "filter")
    bench.nft("add", "set", "inet", "filter", "kept", "{ type ipv4_addr; elements = { 198.51.100.1 } }")
    session = bench.session()
    await session.apply(order())
    await session.release(order(), {})
    assert "198.51.100.1" in bench.nft("list", "table", "inet", "filter")


@pytest.mark.parametrize("chain", ["input", "forward", "output"])
async def test_evidence_tells_a_block_that_does_not_work(bench: Bench, chain: str) -> None:
    session = bench.session()
    await session.apply(order())
    bench.nft("flush", "chain", "inet", "stanch", chain)
    assert (await seen(session)).applied
    proof = await session.verify(Resolved(STRANGER, STRANGER), CONTROL, 0)
    assert proof.verdict == "contradicts"
    assert f"the rules of the chain {chain}" in proof.source
    assert await session.apply(order()) == Accepted(), "the next order repairs it"
    assert (await session.verify(Resolved(STRANGER, STRANGER), CONTROL, 0)).verdict == "holds"


async def test_a_rule_before_ours_that_lets_pass_is_told(bench: Bench) -> None:
    session = bench.session()
    await session.apply(order())
    bench.nft("insert", "rule", "inet", "stanch", "input", "accept")
    assert (await session.verify(Resolved(STRANGER, STRANGER), CONTROL, 0)).verdict == "contradicts"


async def test_a_lost_answer_is_an_unknown_outcome_and_a_look_finds_it(bench: Bench) -> None:
    session = bench.session()
    (bench.programs / "ip").unlink()  # so that the next call of nft is the order's look
    await seen(session)
    bench.fault("lost every")
    with pytest.raises(OutcomeUnknown, match="SIGKILL"):
        await session.release(order(), {})
    (bench.programs / "fault").unlink()
    assert len(bench.orders()) == 1, "it tried again by itself"


async def test_an_answer_that_does_not_come_leaves_the_outcome_unknown(bench: Bench) -> None:
    await bench.session().apply(order())
    bench.fault("late")
    with pytest.raises(OutcomeUnknown, match="did not end"):
        await bench.session(seconds=0.5).release(order(), {})
    assert not (await seen(bench.session())).applied, "it had arrived"


async def test_what_never_started_is_known_not_to_be_sent(bench: Bench) -> None:
    (bench.programs / "nft").write_text("#!/no/such/interpreter\n")
    with pytest.raises(NotSent):
        await bench.session().apply(order())


@pytest.mark.parametrize(("fault", "kind"), [("busy", "later"), ("odd", "permanent")])
async def test_a_refusal_is_typed_and_changes_nothing(bench: Bench, fault: str, kind: str) -> None:
    session = bench.session()
    await session.apply(order())
    bench.fault(fault)
    answer = await session.release(order(), {})
    assert isinstance(answer, Refused)
    assert answer.kind == kind
    assert "nft ended with 1" in answer.why
    assert (await seen(session)).applied


@pytest.mark.parametrize(
    ("fault", "told"), [("forbidden", "root or CAP_NET_ADMIN is needed"), ("unsupported", "the kernel there has no")]
)
async def test_what_only_an_administrator_can_cure_is_said(bench: Bench, fault: str, told: str) -> None:
    bench.fault(fault)
    with pytest.raises(CredentialsRefused, match=told):
        await seen(bench.session())


async def test_a_host_without_nft_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.respond.netfilter.transport._PLACES", str(bench.programs))
    monkeypatch.setenv("PATH", str(bench.programs))
    (bench.programs / "nft").unlink()
    with pytest.raises(CredentialsRefused, match="no program nft: install it"):
        await seen(bench.session())


async def test_garbage_in_an_answer_is_no_crash(bench: Bench) -> None:
    bench.fault("garbage")
    with pytest.raises(OutcomeUnknown, match="no JSON"):
        await seen(bench.session())


class TestTheWayBackIsNeverCut:
    """Whoever manages the host keeps reaching it."""

    async def test_management_networks(self, bench: Bench) -> None:
        answer = await bench.session(management=["203.0.113.0/29"]).apply(order())
        assert isinstance(answer, Refused)
        assert answer.kind == "permanent"
        assert "management network 203.0.113.0/29" in answer.why
        assert bench.orders() == []

    async def test_the_hosts_own_addresses(self, bench: Bench) -> None:
        bench.where.ip("address", "add", f"{STRANGER}/32", "dev", "lo")
        answer = await bench.session().apply(order())
        assert isinstance(answer, Refused)
        assert "one of the host's own addresses" in answer.why

    async def test_loopback_even_where_the_addresses_cannot_be_read(self, bench: Bench) -> None:
        (bench.programs / "ip").write_text("#!/bin/sh\nexit 1\n")
        answer = await bench.session().apply(order("127.0.0.1"))
        assert isinstance(answer, Refused)

    async def test_whoever_started_us_over_ssh(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSH_CONNECTION", f"{STRANGER} 51000 198.51.100.1 22")
        answer = await bench.session().apply(order())
        assert isinstance(answer, Refused)
        assert "managed from" in answer.why

    def test_it_is_known_before_anything_is_tried(self) -> None:
        config = {"name": "it", "kind": "nftables", "base_url": "local:", "management": ["203.0.113.0/29"]}
        tenant = Tenant.model_validate({"slug": "acme", "connectors": [config]})
        products = open_products({"acme": tenant}, load_connectors(), httpx.AsyncClient(), now)
        (enforcer,) = products.enforcers["acme"]
        assert "management network" in enforcer.refuses(CONTROL, Aim(EntityType.ADDRESS, STRANGER))
        assert enforcer.refuses(CONTROL, Aim(EntityType.ADDRESS, "203.0.113.200")) == ""


class TestConfiguration:
    """What it takes for an address."""

    @pytest.mark.parametrize("base_url", ["http://firewall", "local", "ssh://host", "ssh://root@", "ssh://root@h:port"])
    def test_other_addresses_are_refused(self, base_url: str) -> None:
        secrets = {"private_key": "x", "known_hosts": "h ssh-ed25519 AAAA"}
        config = ConnectorConfig.model_validate(
            {"name": "it", "kind": "nftables", "base_url": base_url, "secrets": secrets}
        )
        assert CONNECTOR.problems(config)

    def test_ssh_needs_our_key_and_the_hosts(self) -> None:
        config = ConnectorConfig.model_validate({"name": "it", "kind": "nftables", "base_url": "ssh://root@web01:22"})
        assert CONNECTOR.problems(config) == (
            "the secret 'private_key' is missing",
            "the secret 'known_hosts' is missing",
        )

    def test_a_replay_refuses_it(self) -> None:
        config = {"name": "it", "kind": "nftables", "base_url": "local:"}
        tenant = Tenant.model_validate({"slug": "acme", "connectors": [config]})
        with pytest.raises(ConfigError, match="a replay talks to the lab alone"):
            open_products({"acme": tenant}, load_connectors(), httpx.AsyncClient(), now, only_below="http://lab")


class TestOverSsh:
    """The same on another machine: a real sshd on loopback, whose root runs the programs of the namespace."""

    @pytest.fixture
    def sshd(self, bench: Bench, tmp_path: Path) -> Iterator[Sshd]:
        lines = ("PermitRootLogin prohibit-password", f"SetEnv PATH={bench.programs}:/usr/bin:/bin")
        with running_sshd(tmp_path / "sshd", lines) as server:
            yield server

    def config(self, sshd: Sshd, **secrets: str) -> dict[str, Any]:
        found = {"private_key": sshd.client_key, "known_hosts": sshd.known_hosts, **secrets}
        return {"base_url": f"ssh://root@127.0.0.1:{sshd.port}", "secrets": found}

    async def test_it_applies_proves_and_releases(self, bench: Bench, sshd: Sshd) -> None:
        session = bench.session(**self.config(sshd))
        first = order()
        assert await session.apply(first) == Accepted()
        assert await seen(session) == Observed(True, owner=first.key, until=first.until)
        assert (await session.verify(first.resolved, CONTROL, 0)).verdict == "holds"
        assert await session.release(order(), {}) == Accepted()
        assert STRANGER not in bench.nft("list", "ruleset")

    async def test_the_address_that_it_comes_from_is_never_cut(self, bench: Bench, sshd: Sshd) -> None:
        answer = await bench.session(**self.config(sshd)).apply(order("127.0.0.1"))
        assert isinstance(answer, Refused)
        assert "managed from" in answer.why

    async def test_an_unknown_host_key_is_never_accepted(self, bench: Bench, sshd: Sshd) -> None:
        stranger = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        session = bench.session(**self.config(sshd, known_hosts=f"[127.0.0.1]:{sshd.port} {stranger}"))
        with pytest.raises(CredentialsRefused, match=r"[Hh]ost key"):
            await session.apply(order())
        assert bench.orders() == []

    async def test_a_key_that_is_not_let_in_is_told(self, bench: Bench, sshd: Sshd) -> None:
        stranger = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        with pytest.raises(CredentialsRefused):
            await seen(bench.session(**self.config(sshd, private_key=stranger)))

    async def test_a_host_that_is_down_was_sent_nothing(self, bench: Bench, sshd: Sshd) -> None:
        sshd.stop()
        with pytest.raises(NotSent):
            await bench.session(**self.config(sshd)).apply(order())

    async def test_a_lost_answer_is_an_unknown_outcome(self, bench: Bench, sshd: Sshd) -> None:
        await bench.session(**self.config(sshd)).apply(order())
        bench.fault("lost")
        with pytest.raises(OutcomeUnknown):
            await bench.session(**self.config(sshd)).release(order(), {})
