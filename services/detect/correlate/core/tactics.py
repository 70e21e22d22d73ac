"""ATT&CK's tactics by the name that Sigma's tags use (MITRE ATT&CK, enterprise matrix)."""

from typing import Final

from schemas.finding import Attack, Technique

_TACTICS: Final = {
    "reconnaissance": "TA0043",
    "resource-development": "TA0042",
    "initial-access": "TA0001",
    "execution": "TA0002",
    "persistence": "TA0003",
    "privilege-escalation": "TA0004",
    "defense-evasion": "TA0005",
    "stealth": "TA0005",
    "defense-impairment": "TA0112",
    "credential-access": "TA0006",
    "discovery": "TA0007",
    "lateral-movement": "TA0008",
    "collection": "TA0009",
    "command-and-control": "TA0011",
    "exfiltration": "TA0010",
    "impact": "TA0040",
}


def attacks_of(tactics: tuple[str, ...]) -> tuple[Attack, ...]:
    """Return the tactics that have an id, as OCSF names them."""
    return tuple(
        Attack(tactic=Technique(uid=_TACTICS[name], name=name.replace("-", " ").title()))
        for name in tactics
        if name in _TACTICS
    )
