"""Which addresses are never blocked: special ones, the tenant's own, its resolvers."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from schemas.control import Control
from schemas.entity import AssetClass, Authority, EntityType, Role, canonical_address
from schemas.tenant import Asset, Tenant
from services.respond.ports.aims import Aim
from services.respond.ports.guards import Allow, Facts, Guard, GuardExample, Plan, Refuse, Verdict

_NEVER = "nothing: no attacker works from such an address"
_INVENTORY_CHANGE = "the tenant's inventory"
_SPECIAL = ("is_loopback", "is_link_local", "is_multicast", "is_unspecified")


class _AddressSanity:
    name = "address_sanity"
    controls = frozenset({Control.IP_BLOCK})

    @property
    def examples(self) -> tuple[GuardExample, ...]:
        """Special addresses, own ones, a resolver, a stranger's."""
        return _EXAMPLES

    def judge(self, plan: Plan, facts: Facts, now: int) -> Verdict:  # noqa: ARG002 nothing here depends on time
        """Return what kind of address it is, and whose."""
        text = canonical_address(plan.aim.id)
        if not text:
            return Refuse(f"{plan.aim.id!r} is no address", "an address")
        address = ip_address(text)
        special = _special(address)
        if special:
            return Refuse(f"{text} is {special}", _NEVER)
        return _owned(text, address, facts)


def _special(address: IPv4Address | IPv6Address) -> str:
    for name in _SPECIAL:
        if getattr(address, name):
            return f"a {name.removeprefix('is_').replace('_', '-')} address"
    if str(address) == "255.255.255.255":
        return "a broadcast address"
    if address in ip_network("0.0.0.0/8") or address in ip_network("240.0.0.0/4"):
        return "a reserved address"
    return ""


def _owned(text: str, address: IPv4Address | IPv6Address, facts: Facts) -> Verdict:
    tenant = facts.tenant
    if text in {canonical_address(one) for one in tenant.resolvers}:
        return Refuse(f"{text} is a resolver of the tenant", _INVENTORY_CHANGE)
    for network in tenant.networks:
        if address in network:
            what = "the broadcast address of" if address == network.broadcast_address else "in"
            return Refuse(f"{text} is {what} the tenant's own network {network}", _INVENTORY_CHANGE)
    asset = next((one for one in tenant.assets if text in map(canonical_address, (one.name, *one.aliases))), None)
    owner = asset.name if asset else facts.own_addresses.get(text)
    if owner is not None:
        return Refuse(f"{text} belongs to {owner}, one of the tenant's own", f"{_INVENTORY_CHANGE}, or newer evidence")
    return Allow(
        f"{text} is no special address and none that is known as the tenant's own", "an entry of the inventory"
    )


def _plan(address: str) -> Plan:
    aim = Aim(EntityType.ADDRESS, address)
    return Plan(Control.IP_BLOCK, aim, Role.ATTACKER_CONTROLLED, "", Authority.ACT, AssetClass.UNKNOWN, True, 0)


_TENANT = Tenant(
    slug="example",
    networks=(ip_network("10.20.0.0/16"),),
    resolvers=("9.9.9.9",),
    assets=(Asset(name="WEB01", aliases=("198.51.100.20", "2001:db8::20")),),
)
_EXAMPLES = (
    GuardExample("loopback", _plan("127.0.0.1"), Facts(_TENANT), 0, "refuse"),
    GuardExample("loopback, mapped", _plan("::ffff:127.0.0.1"), Facts(_TENANT), 0, "refuse"),
    GuardExample("link-local", _plan("fe80::1"), Facts(_TENANT), 0, "refuse"),
    GuardExample("multicast", _plan("224.0.0.251"), Facts(_TENANT), 0, "refuse"),
    GuardExample("unspecified", _plan("0.0.0.0"), Facts(_TENANT), 0, "refuse"),  # noqa: S104 an example, not a binding
    GuardExample("broadcast", _plan("255.255.255.255"), Facts(_TENANT), 0, "refuse"),
    GuardExample("an own network", _plan("10.20.3.4"), Facts(_TENANT), 0, "refuse"),
    GuardExample("a resolver", _plan("9.9.9.9"), Facts(_TENANT), 0, "refuse"),
    GuardExample("an own machine", _plan("198.51.100.20"), Facts(_TENANT), 0, "refuse"),
    GuardExample("an own machine, with a zone", _plan("2001:db8::20%1"), Facts(_TENANT), 0, "refuse"),
    GuardExample("an own machine that an incident named", _plan("192.168.9.9"),
                 Facts(_TENANT, own_addresses={"192.168.9.9": "WKS07"}), 0, "refuse"),
    GuardExample("no address", _plan("evil.example"), Facts(_TENANT), 0, "refuse"),
    GuardExample("a stranger", _plan("203.0.113.7"), Facts(_TENANT), 0, "allow"),
    GuardExample("a private stranger", _plan("192.168.77.5"), Facts(_TENANT), 0, "allow"),
)  # fmt: skip

GUARD: Final[Guard] = _AddressSanity()
