"""What a correct system concludes from the recording, for whoever judges one."""

from collections.abc import Iterable

from lab.recording.estate import Estate
from lab.recording.intrusion import Phase
from lab.recording.journal import Note

Labels = dict[str, object]
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
            **{story: stories.count(story) for story in ("benign", "administration", "attack")},
        },
        "attack_lines": [number for number, story in enumerate(stories, 1) if story == "attack"],
        "administration_lines": [number for number, story in enumerate(stories, 1) if story == "administration"],
    }


def _host(estate: Estate, role: str) -> str:
    return estate.machines[role].name.upper()


def _account(estate: Estate, role: str) -> str:
    account = estate.accounts[role]
    return f"{account.domain.upper()}\\{account.name.lower()}"


def _controlled(estate: Estate) -> Labels:
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


def _inventory(estate: Estate) -> Labels:
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
