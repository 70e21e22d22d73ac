"""The tactics of MITRE ATT&CK for enterprise, by the names that Sigma's tags give them."""

from typing import Final

TACTICS: Final = {
    "reconnaissance": "TA0043", "resource-development": "TA0042", "initial-access": "TA0001", "execution": "TA0002",
    "persistence": "TA0003", "privilege-escalation": "TA0004", "stealth": "TA0005", "defense-evasion": "TA0005",
    "defense-impairment": "TA0112", "credential-access": "TA0006", "discovery": "TA0007", "lateral-movement": "TA0008",
    "collection": "TA0009", "command-and-control": "TA0011", "exfiltration": "TA0010", "impact": "TA0040",
}  # fmt: skip
"""ATT&CK tactics as rules spell them; `defense-evasion` is how rules from before ATT&CK 19 say it."""
