"""Views that every channel is shown in the contract suite: an ordinary one, and one whose names attack the reader."""

from dataclasses import replace

from schemas.control import Control
from schemas.entity import EntityType, Role
from schemas.hold import HoldState
from services.notify.ports import Measure, Moment, Party, View

_AT = 1_767_907_714_017

CONTAINED = View(
    tenant="acme",
    incident="1b0f6f0e-0000-5000-8000-000000000001",
    sequence=1,
    cause="contained",
    change="host WKS07: isolated from the network; proven by independent evidence",
    severity=5,
    story="A document opened by ACME\\anna started a hidden script, which read the credential store of WKS07.",
    started=_AT - 90_000,
    at=_AT,
    moments=(
        Moment(_AT - 90_000, "Hidden encoded script", "WKS07"),
        Moment(_AT - 60_000, "Credential store read", "WKS07"),
    ),
    parties=(
        Party(EntityType.HOST, "WKS07", Role.ATTACKER_CONTROLLED, "the script ran here"),
        Party(EntityType.ADDRESS, "10.20.0.99", Role.ATTACKER_CONTROLLED, "the script connected to it"),
    ),
    measures=(
        Measure(
            "hold-1", Control.NETWORK_ISOLATION, EntityType.HOST, "WKS07", HoldState.VERIFIED,
            "severity is critical and the host is attacker_controlled", _AT + 14_400_000,
        ),
        Measure(
            "hold-2", Control.IP_BLOCK, EntityType.ADDRESS, "10.20.0.99", HoldState.AWAITING_APPROVAL,
            "a private address that the inventory does not know", None,
        ),
    ),
    spared=(Party(EntityType.HOST, "DC01", Role.TARGET, "a domain controller is never isolated"),),
    advice=("Is ACME\\anna at her desk? Nobody but her can say whether she opened the document.",),
)  # fmt: skip

_POISON = "\x1b[2J\x07<!channel> [click](http://evil.example/x) `rm` @everyone \u202egnp.exe https://evil.example ${jndi:ldap://a}\r\nBcc: x"

HOSTILE = replace(
    CONTAINED,
    story=f"{_POISON} on WKS07",
    change=_POISON,
    moments=(Moment(_AT, _POISON * 40, _POISON),),
    parties=(
        Party(EntityType.HOST, "WKS07", Role.ATTACKER_CONTROLLED, _POISON),
        Party(EntityType.ACCOUNT, f"ACME\\{_POISON}", Role.ATTACKER_CONTROLLED, _POISON * 100),
    ),
    spared=tuple(Party(EntityType.HOST, f"{_POISON}{number}", Role.UNKNOWN, _POISON) for number in range(300)),
    advice=(_POISON,) * 50,
    acknowledged_by=f"human:{_POISON}",
)
