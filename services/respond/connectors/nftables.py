"""nftables: addresses that a Linux host's kernel drops until a given instant, on this host or on one behind SSH.

``base_url`` is ``local:`` or ``ssh://user@host:port``; the latter needs the secrets ``private_key`` and ``known_hosts``, the texts of
such files. Who is not root there needs ``sudo -n nft -j -f -``. The ``management`` networks of its configuration are never blocked, nor
are the host's own addresses and the one from which we, or whoever started us, manage it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import asyncssh
import httpx
import orjson

from runtime.failpoints import reach
from schemas.control import Control
from schemas.entity import EntityType, canonical_address
from schemas.tenant import ConnectorConfig, Network
from schemas.times import SECOND
from services.respond.netfilter import ruleset
from services.respond.netfilter.transport import ADDRESSES, NFT, DistantHost, Host, Said, ThisHost
from services.respond.ports.aims import Aim, ControlSpec
from services.respond.ports.connectors import (
    Absent,
    Accepted,
    Ambiguous,
    Connector,
    ConnectorExample,
    CredentialsRefused,
    Evidence,
    Observed,
    Order,
    OutcomeUnknown,
    Progress,
    Refused,
    Resolved,
    Session,
)

_LOCAL: Final = "local:"
_SPEC: Final = ControlSpec(native_ttl=True, effect_lag=10 * SECOND, rights=("CAP_NET_ADMIN",))
_SECONDS: Final = 10.0
_ABSENT: Final = "No such file or directory"
_TAKEN: Final = "File exists"
_BUSY: Final = ("Device or resource busy", "Resource temporarily unavailable", "Interrupted system call")
_NO_RIGHTS: Final = ("Operation not permitted", "you must be root", "Permission denied", "sudo:")
_NO_KERNEL: Final = ("Operation not supported", "Protocol not supported", "Address family not supported")


class _PacketFilter:
    def __init__(self, host: Host, management: tuple[Network, ...], clock: Callable[[], int]) -> None:
        self._host = host
        self._management = management
        self._clock = clock

    async def resolve(self, aim: Aim) -> Resolved | Ambiguous | Absent:
        """An address is its own object."""
        return Resolved(aim.id, aim.id)

    async def observe(self, resolved: Resolved, control: Control, since: int) -> Observed:  # noqa: ARG002 one control
        """Return the element of the set, with what is left of its time."""
        found = await self._element(resolved.id)
        return Observed(applied=False) if found is None else Observed(True, owner=found.owner, until=found.until)

    async def apply(self, order: Order) -> Accepted | Refused:
        """Have the kernel drop what comes from the address and goes to it, until the order's end."""
        address = order.resolved.id
        reason = await self._why_spared(address)
        if reason:
            return Refused("permanent", reason)
        known = await self._element(address)
        if known is not None and known.owner != order.key:
            return Refused("conflict", f"{address} is held by another owner: {known.owner or 'nobody told whom'}")
        entry = ruleset.put(address, order.key, order.until, self._clock(), known=known is not None)
        return await self._order([*ruleset.structure(), *entry])

    async def poll(self, control: Control, handle: str) -> Progress:  # noqa: ARG002 no order of ours has a handle
        """A ruleset changes at once or not at all."""
        return Progress("succeeded")

    async def release(self, order: Order, pre_image: Mapping[str, Any]) -> Accepted | Refused:  # noqa: ARG002 absence
        """Take the address out; one that is gone is out."""
        answer = await self._order([ruleset.drop(order.resolved.id)])
        return Accepted() if isinstance(answer, Refused) and _ABSENT in answer.why else answer

    async def verify(self, resolved: Resolved, control: Control, since: int) -> Evidence:  # noqa: ARG002 one control
        """Return whether the chains at all three hooks really drop what the sets hold, and what they dropped of it."""
        listing = await self._listing(ruleset.look_at_table())
        faults = ruleset.missing(listing)
        found = ruleset.element(listing, resolved.id, self._clock())
        verdict: Literal["holds", "contradicts"] = "contradicts" if faults or found is None else "holds"
        source = f"nft list table inet {ruleset.TABLE}"
        return Evidence(verdict, "; ".join((source, *faults)), {"dropped": found.dropped if found else 0})

    async def _element(self, address: str) -> ruleset.Element | None:
        return ruleset.element(await self._listing(ruleset.look_at_set(address)), address, self._clock())

    async def _listing(self, command: ruleset.JsonObject) -> Sequence[ruleset.JsonObject]:
        said = await self._host.run(NFT, _batch([command]))
        if said.code == 0:
            return _entries(said.out)
        if _ABSENT in said.error:
            return ()
        _check_rights(said)
        raise OutcomeUnknown(_told(said))

    async def _order(self, commands: Iterable[ruleset.JsonObject]) -> Accepted | Refused:
        reach("respond.request.before")
        said = await self._host.run(NFT, _batch(commands), is_order=True)
        reach("respond.response.received")
        if said.code == 0:
            return Accepted()
        _check_rights(said)
        if any(sign in said.error for sign in _BUSY):
            return Refused("later", _told(said))
        return Refused("conflict" if _TAKEN in said.error else "permanent", _told(said))

    async def _why_spared(self, address: str) -> str:
        """Return why the host must not drop this address, ``""`` where nothing speaks against it."""
        found = ip_address(address)
        network = next((one for one in self._management if one.version == found.version and found in one), None)
        if network is not None:
            return f"{address} lies in the management network {network} of this connector: it is never cut off"
        if address == canonical_address(await self._host.peer()):
            return f"{address} is where this host is managed from: it is never cut off"
        if found.is_loopback or address in _addresses(await self._host.run(ADDRESSES)):
            return f"{address} is one of the host's own addresses"
        return ""


class _Nftables:
    name = "nftables"
    secrets = ()

    @property
    def specs(self) -> Mapping[Control, ControlSpec]:
        """Blocks that the kernel itself ends, even when nobody of us lives any more."""
        return {Control.IP_BLOCK: _SPEC}

    @property
    def examples(self) -> tuple[ConnectorExample, ...]:
        """Any address, and nothing else."""
        return _EXAMPLES

    def problems(self, config: ConnectorConfig) -> tuple[str, ...]:
        """It runs here, or behind SSH with a key of ours and a known one of the host's."""
        if config.base_url == _LOCAL:
            return ()
        url = urlsplit(config.base_url)
        if url.scheme != "ssh" or not url.hostname or not url.username:
            return (f"base_url {config.base_url!r} is neither {_LOCAL!r} nor ssh://user@host:port",)
        absent = [
            f"the secret {name!r} is missing" for name in ("private_key", "known_hosts") if name not in config.secrets
        ]
        return (*absent, *([] if absent else _bad_keys(config)))

    def refuses(self, control: Control, aim: Aim) -> str:  # noqa: ARG002 one control
        """It takes every address."""
        is_address = aim.type is EntityType.ADDRESS and canonical_address(aim.id) == aim.id
        return "" if is_address else f"a packet filter takes single addresses, no {aim.type}"

    def open(self, config: ConnectorConfig, client: httpx.AsyncClient, clock: Callable[[], int]) -> Session:
        """Return the packet filter that ``config`` describes."""
        return _PacketFilter(_host(config, client.timeout.read or _SECONDS), config.management, clock)


def _host(config: ConnectorConfig, seconds: float) -> Host:
    if config.base_url == _LOCAL:
        return ThisHost(seconds)
    key, known = (config.secrets[name].get_secret_value() for name in ("private_key", "known_hosts"))
    return DistantHost(config.base_url, key, known, seconds)


def _bad_keys(config: ConnectorConfig) -> tuple[str, ...]:
    try:
        _host(config, _SECONDS)
    except (asyncssh.KeyImportError, ValueError) as error:
        return (f"private_key, known_hosts or the port are not well formed: {error}",)
    return ()


def _batch(commands: Iterable[ruleset.JsonObject]) -> bytes:
    return orjson.dumps({"nftables": list(commands)})


def _entries(out: bytes) -> Sequence[ruleset.JsonObject]:
    try:
        found = orjson.loads(out)["nftables"]
        return [entry for entry in found if isinstance(entry, dict)]
    except (ValueError, KeyError, TypeError) as error:
        raise OutcomeUnknown(f"nft answered no JSON of its own: {out[:100]!r}") from error


def _addresses(said: Said) -> frozenset[str]:
    """Return a host's own addresses; none where it lets us run nothing but nft."""
    try:
        links = orjson.loads(said.out) if said.code == 0 else []
        return frozenset(canonical_address(one["local"]) for link in links for one in link.get("addr_info", ()))
    except (ValueError, KeyError, TypeError, AttributeError):
        return frozenset()


def _check_rights(said: Said) -> None:
    if any(sign in said.error for sign in _NO_RIGHTS):
        raise CredentialsRefused(
            f"no right to change the packet filter: root or CAP_NET_ADMIN is needed ({_told(said)})"
        )
    if any(sign in said.error for sign in _NO_KERNEL):
        raise CredentialsRefused(f"the kernel there has no nftables with timeouts ({_told(said)})")


def _told(said: Said) -> str:
    first = next((line.strip() for line in said.error.splitlines() if line.strip()), "it said nothing")
    return f"nft ended with {said.code}: {first[:300]}"


_EXAMPLES = (
    ConnectorExample("a public address", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "203.0.113.7"), taken=True),
    ConnectorExample("an address of version 6", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "2001:db8::7"), taken=True),
    ConnectorExample("a mapped address", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "::ffff:203.0.113.7"), taken=False),
    ConnectorExample("an address with a zone", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "2001:db8::7%1"), taken=False),
    ConnectorExample("a machine", Control.IP_BLOCK, Aim(EntityType.HOST, "WEB01"), taken=False),
)

CONNECTOR: Final[Connector] = _Nftables()
