"""Respond against the lab's products: the good way, the four faults, and what is not there."""

from pathlib import Path

import pytest

from lab.faults import Fault, FaultKind
from runtime.errors import ConfigError
from schemas.entity import Entity
from schemas.hold import HoldState
from schemas.times import MINUTE
from tests.integration.respond.stage import Stage, company, stage
from tests.unit.respond.incidents import START, account, address, host, incident

TARGETS = {
    "a machine": host("WKS01", aliases=("wks01.corp.example",)),
    "an account": account("CORP\\jane"),
    "a public address": address("203.0.113.7"),
    "a private address": address("10.99.0.7"),
}
CONNECTORS = {
    "a machine": "defender",
    "an account": "entra",
    "a public address": "defender",
    "a private address": "firewall",
}


def enrol(scene: Stage) -> None:
    """Let the products know the machine and the account."""
    scene.world.enrol_host("WKS01", "corp.example")
    scene.world.enrol_account("CORP\\jane", "corp.example")


@pytest.mark.parametrize("what", TARGETS)
async def test_it_is_applied_verified_by_another_endpoint_and_released_in_time(what: str, tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        enrol(scene)
        await scene.say("incidents", incident(TARGETS[what]))
        await scene.run(START + 5 * MINUTE)
        hold = await scene.hold()
        assert (hold.state, hold.connector) == (HoldState.VERIFIED, CONNECTORS[what])
        await scene.run()
        hold = await scene.hold()
        assert hold.state is HoldState.RELEASED
        assert hold.expires_at is not None
        assert hold.released_at is not None
        assert 0 <= hold.released_at - hold.expires_at < MINUTE
        assert (scene.counted("apply"), scene.counted("release")) == (1, 1)
        causes = {one.cause for one in scene.world.transitions.select(direction="apply")}
        assert causes == {hold.command_uid}


FINAL = {
    (FaultKind.LOST_ANSWER, "a machine"): HoldState.VERIFIED,
    (FaultKind.LOST_ANSWER, "an account"): HoldState.VERIFIED,
    (FaultKind.LOST_ANSWER, "a public address"): HoldState.VERIFIED,
    (FaultKind.LOST_ANSWER, "a private address"): HoldState.VERIFIED,
    (FaultKind.LATE, "a machine"): HoldState.VERIFIED,
    (FaultKind.LATE, "an account"): HoldState.VERIFIED,
    (FaultKind.LATE, "a public address"): HoldState.VERIFIED,
    (FaultKind.LATE, "a private address"): HoldState.VERIFIED,
    (FaultKind.INEFFECTIVE, "a machine"): HoldState.INEFFECTIVE,
    (FaultKind.INEFFECTIVE, "an account"): HoldState.INEFFECTIVE,
    (FaultKind.INEFFECTIVE, "a public address"): HoldState.INEFFECTIVE,
    (FaultKind.INEFFECTIVE, "a private address"): HoldState.INEFFECTIVE,
    (FaultKind.STUCK, "a machine"): HoldState.MANUAL,
    (FaultKind.STUCK, "an account"): HoldState.INEFFECTIVE,
    (FaultKind.STUCK, "a public address"): HoldState.INEFFECTIVE,
    (FaultKind.STUCK, "a private address"): HoldState.INEFFECTIVE,
}


@pytest.mark.parametrize(("fault", "what"), FINAL)
async def test_each_fault_ends_in_its_state_with_one_transition(fault: FaultKind, what: str, tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        enrol(scene)
        scene.seed(Fault(fault, seconds=40))
        await scene.say("incidents", incident(TARGETS[what]))
        await scene.run(START + 30 * MINUTE)
        hold = await scene.hold()
        assert hold.state is FINAL[fault, what], hold.reason
        assert scene.counted("apply") == 1


@pytest.mark.parametrize("kind", [FaultKind.THROTTLED, FaultKind.UNAVAILABLE])
@pytest.mark.parametrize("what", TARGETS)
async def test_a_busy_product_is_tried_again(kind: FaultKind, what: str, tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        enrol(scene)
        scene.seed(Fault(kind, seconds=5))
        await scene.say("incidents", incident(TARGETS[what]))
        await scene.run(START + 5 * MINUTE)
        assert (await scene.hold()).state is HoldState.VERIFIED
        assert scene.counted("apply") == 1


@pytest.mark.parametrize("entity", [host("NOWHERE"), account("CORP\\nobody")])
async def test_what_no_product_knows_awaits_approval(entity: Entity, tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        enrol(scene)
        await scene.say("incidents", incident(entity))
        await scene.run()
        hold = await scene.hold()
        assert hold.state is HoldState.AWAITING_APPROVAL
        assert "no connector of the tenant can enforce" in hold.reason


async def test_two_machines_of_one_name_are_refused(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        scene.world.enrol_host("WKS01", "corp.example", machine_id="a" * 40)
        scene.world.enrol_host("WKS01", "lab.example", machine_id="b" * 40)
        await scene.say("incidents", incident(host("WKS01")))
        await scene.run()
        hold = await scene.hold()
        assert hold.state is HoldState.DENIED
        assert "a" * 40 in hold.reason
        assert scene.counted("apply") == 0


async def test_a_full_name_decides_between_two_machines(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        scene.world.enrol_host("WKS01", "corp.example", machine_id="a" * 40)
        scene.world.enrol_host("WKS01", "lab.example", machine_id="b" * 40)
        await scene.say("incidents", incident(host("WKS01", aliases=("wks01.lab.example",))))
        await scene.run(START + 5 * MINUTE)
        assert (await scene.hold()).state is HoldState.VERIFIED
        isolated = [one.machine_id for one in scene.world.hosts.values() if one.isolated.value(scene.clock.now())]
        assert isolated == ["b" * 40]


async def test_a_privileged_account_that_the_directory_protects_awaits_a_human(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        scene.world.enrol_account("CORP\\chief", "corp.example", privileged=True)
        await scene.say("incidents", incident(account("CORP\\chief")))
        await scene.run()
        hold = await scene.hold()
        assert hold.state is HoldState.AWAITING_APPROVAL
        assert "Authorization_RequestDenied" in hold.reason


async def test_what_an_operator_isolated_is_left_isolated(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        enrol(scene)
        machine = next(iter(scene.world.hosts.values()))
        await scene.isolate_by_hand(machine.machine_id)
        scene.clock.advance(START + MINUTE)
        await scene.say("incidents", incident(host("WKS01", last=START + MINUTE)))
        await scene.run()
        assert (await scene.hold()).state is HoldState.RELEASED
        assert scene.counted("apply") == 1
        assert scene.counted("release") == 0
        assert machine.isolated.value(scene.clock.now())


async def test_many_at_once_stay_under_the_products_limits(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        names = [f"WKS{number:02}" for number in range(30)]
        for name in names:
            scene.world.enrol_host(name, "corp.example")
        await scene.say("incidents", incident(*[host(name) for name in names]))
        await scene.run(START + 25 * MINUTE)
        holds = await scene.holds()
        assert {hold.state for hold in holds.values()} == {HoldState.VERIFIED}
        assert scene.counted("apply") == len(names)


class TestRefusedAtTheStart:
    async def test_a_replay_talks_to_the_lab_alone(self, tmp_path: Path) -> None:
        tenant = company("https://api.securitycenter.microsoft.com")
        with pytest.raises(ConfigError, match="replay talks to the lab alone"):
            async with stage(tmp_path, tenant):
                pass

    async def test_every_wrong_connector_is_listed(self, tmp_path: Path) -> None:
        tenant = company(connectors=[{"name": "a", "kind": "nonsense", "base_url": "http://lab/x"},
                                     {"name": "b", "kind": "plain_firewall", "base_url": "http://lab/firewall"}])  # fmt: skip
        with pytest.raises(ConfigError) as caught:
            async with stage(tmp_path, tenant):
                pass
        assert len(caught.value.problems) == 2
