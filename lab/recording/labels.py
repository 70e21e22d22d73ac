"""What a correct system concludes from the recording, for whoever judges one."""

from collections.abc import Iterable
from typing import TypedDict

from lab.recording.estate import Estate
from lab.recording.intrusion import Phase
from lab.recording.journal import Note


class Controlled(TypedDict):
    """Canonical ids of what the intruder had: each must be held."""

    host: list[str]
    account: list[str]
    address: list[str]


class Counts(TypedDict):
    """How many events tell which story."""

    total: int
    benign: int
    administration: int
    attack: int


class Inventory(TypedDict):
    """What the company knows of itself."""

    dns_domain: str
    networks: list[str]
    resolvers: list[str]
    domain_controllers: list[str]
    hosts: list[dict[str, str]]
    accounts: list[str]
    automation_accounts: list[str]


class PhaseLabel(TypedDict):
    """A part of the intrusion; ``begins`` is epoch milliseconds."""

    name: str
    techniques: list[str]
    begins: int


class Labels(TypedDict):
    """All that a judge needs."""

    attacker_controlled: Controlled
    spared: list[dict[str, str]]
    inventory: Inventory
    phases: list[PhaseLabel]
    events: Counts
    attack_lines: list[int]
    administration_lines: list[int]


_SPARED_HOSTS = {
    "helpdesk": "the administrator works from here",
    "personnel": "the administrator repaired it; its user installed a program from a known site",
    "controller": "domain controller: it only answered",
    "operations": "its user's account was stolen elsewhere",
    "sales": "its user mistyped a password; runs a chat program from the profile",
    "management": "configuration management",
}
_SPARED_ACCOUNTS = {
    "administrator": "legitimate remote administration",
    "supporter": "sits at the administrator's machine",
    "recruiter": "her machine was repaired",
    "seller": "mistyped a password",
    "deployment": "configuration management",
    "backup": "asked for a ticket by the intruder; backs up",
}


def label(estate: Estate, notes: Iterable[Note], phases: Iterable[Phase]) -> Labels:
    r"""Return the labels; ids are canonical: short host names in upper case, ``DOMAIN\\name`` with a lower-case name."""
    stories = [note.story for note in notes]
    happened = "attack" in stories
    return {
        "attacker_controlled": _controlled(estate) if happened else {"host": [], "account": [], "address": []},
        "spared": _spared(estate, happened),
        "inventory": _inventory(estate),
        "phases": [{"name": one.name, "techniques": list(one.techniques), "begins": one.begins} for one in phases],
        "events": {
            "total": len(stories),
            "benign": stories.count("benign"),
            "administration": stories.count("administration"),
            "attack": stories.count("attack"),
        },
        "attack_lines": [number for number, story in enumerate(stories, 1) if story == "attack"],
        "administration_lines": [number for number, story in enumerate(stories, 1) if story == "administration"],
    }


def _host(estate: Estate, role: str) -> str:
    return estate.machines[role].name.upper()


def _account(estate: Estate, role: str) -> str:
    account = estate.accounts[role]
    return f"{account.domain.upper()}\\{account.name.lower()}"


def _controlled(estate: Estate) -> Controlled:
    return {
        "host": [_host(estate, "finance"), _host(estate, "files")],
        "account": [_account(estate, "accountant"), _account(estate, "engineer")],
        "address": [estate.names.delivery, estate.names.command],
    }


def _spared(estate: Estate, happened: bool) -> list[dict[str, str]]:
    hosts, accounts = dict(_SPARED_HOSTS), dict(_SPARED_ACCOUNTS)
    if not happened:
        hosts |= {"finance": "nothing happened here", "files": "nothing happened here"}
        accounts |= {"accountant": "did her work", "engineer": "did his work"}
    named = [{"type": "host", "id": _host(estate, role), "why": why} for role, why in hosts.items()]
    named += [{"type": "account", "id": _account(estate, role), "why": why} for role, why in accounts.items()]
    machines = [f"{one.netbios.upper()}\\{one.name.lower()}$" for one in estate.machines.values()]
    return named + [{"type": "account", "id": name, "why": "machine account"} for name in machines]


def _inventory(estate: Estate) -> Inventory:
    controller = estate.controller
    return {
        "dns_domain": estate.names.dns_domain,
        "networks": [estate.names.network],
        "resolvers": [controller.address],
        "domain_controllers": [_host(estate, "controller")],
        "hosts": [{"name": one.name, "fqdn": one.fqdn, "address": one.address} for one in estate.machines.values()],
        "accounts": [_account(estate, role) for role in estate.accounts],
        "automation_accounts": [_account(estate, role) for role in ("deployment", "backup")],
    }
