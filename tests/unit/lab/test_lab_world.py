"""Who is enrolled, which faults strike, and what the counter says."""

import pytest

from lab.faults import Fault, FaultKind, FaultTable, Misfortune
from lab.limits import DEFENDER, Limits
from lab.world import World


def world() -> World:
    return World(lambda: 1_000)


def test_a_host_is_enrolled_once_under_its_dns_name() -> None:
    lab = world()
    host = lab.enrol_host("wks1", "Corp.Example")
    assert (host.name, host.dns_name, len(host.machine_id)) == ("WKS1", "wks1.corp.example", 40)
    assert lab.enrol_host("WKS1.corp.example") is host
    assert lab.enrol_host("WKS1", "corp.example", machine_id="f" * 40) is not host
    assert len(lab.hosts) == 2


@pytest.mark.parametrize(
    ("name", "dns_domain", "upn", "sam", "domain"),
    [
        ("CORP\\alice", "corp.example", "alice@corp.example", "alice", "corp.example"),
        ("CORP\\alice", "", "alice@corp", "alice", "corp"),
        ("bob@cloud.example", "", "bob@cloud.example", "bob", ""),
    ],
)
def test_an_account_answers_to_its_names(name: str, dns_domain: str, upn: str, sam: str, domain: str) -> None:
    lab = world()
    account = lab.enrol_account(name, dns_domain)
    assert (account.upn, account.sam, account.dns_domain) == (upn, sam, domain)
    assert lab.enrol_account(name.upper()) is account


def test_two_worlds_make_the_same_ids() -> None:
    one, other = world(), world()
    assert [one.new_id() for _ in range(3)] == [other.new_id() for _ in range(3)]
    assert one.enrol_host("A").machine_id == other.enrol_host("A").machine_id


def test_a_fault_strikes_its_call_once_and_others_not_at_all() -> None:
    table = FaultTable()
    table.seed(Fault(FaultKind.LOST_ANSWER, "defender", "isolate", "WKS1"))
    assert table.strike("defender", "isolate", ["WKS2"]) == Misfortune()
    assert table.strike("entra", "isolate", ["wks1"]) == Misfortune()
    assert table.strike("defender", "isolate", ["id", "wks1"]) == Misfortune(lost=True)
    assert table.strike("defender", "isolate", ["wks1"]) == Misfortune()


def test_faults_add_up_and_sticky_ones_stay() -> None:
    table = FaultTable()
    table.seed(Fault(FaultKind.LATE, seconds=5, hidden=True, sticky=True))
    table.seed(Fault(FaultKind.LOST_ANSWER))
    assert table.strike("entra", "disable", []) == Misfortune(lost=True, delay=5_000, hidden=True)
    assert table.strike("entra", "disable", []) == Misfortune(delay=5_000, hidden=True)


def test_a_refusal_does_not_strike_what_was_accepted() -> None:
    table = FaultTable()
    table.seed(Fault(FaultKind.UNAVAILABLE))
    assert table.strike("entra", "disable", []) == Misfortune()
    assert table.obstacle("entra", "disable", []) is not None
    assert table.obstacle("entra", "disable", []) is None


def test_the_hourly_limit_holds_beside_the_one_per_minute() -> None:
    limits, now = Limits(enabled=True), 0
    admitted = 0
    while now < 3_600_000:
        admitted += limits.admit("isolate", DEFENDER, now) == 0
        now += 1_000
    assert admitted == 1_500
    assert limits.admit("unisolate", DEFENDER, now) == 0


def test_the_counter_tells_products_targets_and_directions_apart() -> None:
    lab = world()
    for cause in ("a", "b"):
        lab.transitions.add("defender", "WKS1", "isolate", cause, 1)
    lab.transitions.add("defender", "WKS1", "unisolate", "c", 2)
    assert lab.transitions.count("defender", "wks1", "apply") == 2
    assert lab.transitions.count(direction="release") == 1
    assert [(entry["operation"], entry["count"], entry["causes"]) for entry in lab.transitions.summary()] == [
        ("isolate", 2, ["a", "b"]),
        ("unisolate", 1, ["c"]),
    ]
