"""Which addresses are private: those that an organisation may give to machines of its own."""

from ipaddress import ip_address, ip_network
from typing import Final

_PRIVATE_USE: Final = tuple(
    ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
"""RFC 1918, RFC 6598 (carrier-grade NAT) and RFC 4193. Documentation ranges are no one's own."""


def is_private_use(text: str) -> bool:
    """Return whether the address may belong to a machine inside; narrower than ``ipaddress``' own ``is_private``.

    Raises:
        ValueError: ``text`` is no address.
    """
    address = ip_address(text)
    return any(address.version == network.version and address in network for network in _PRIVATE_USE)
