"""Our part of a host's packet filter, as ``nft`` takes and tells it (libnftables-json(5)). Pure: JSON in, JSON out.

One table of ours holds a set per address family, whose elements end by themselves, and three chains that drop what the sets hold.
A packet is judged by every table: what ours drops, no other lets through, and a connection that stands already is cut. What a host
says to itself passes by, so that none of its own addresses can be cut off.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from schemas.times import SECOND

JsonObject = dict[str, Any]

TABLE: Final = "stanch"
_TABLE: Final[Mapping[str, str]] = {"family": "inet", "table": TABLE}
_SETS: Final[Mapping[str, str]] = {"ip": "blocked4", "ip6": "blocked6"}
_TYPES: Final[Mapping[str, str]] = {"ip": "ipv4_addr", "ip6": "ipv6_addr"}
_CHAINS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "input": ("iifname", ("saddr",)),
    "forward": ("", ("saddr", "daddr")),
    "output": ("oifname", ("daddr",)),
}
_PRIORITY: Final = -10
_NEAR: Final = 2 * SECOND


@dataclass(frozen=True, slots=True)
class Element:
    """One blocked address. ``until`` is epoch milliseconds, None where it stays for good; ``dropped`` counts packets."""

    address: str
    owner: str
    until: int | None
    dropped: int


def set_of(address: str) -> str:
    """Return the set that holds addresses of this one's family."""
    return _SETS["ip6" if ip_address(address).version == 6 else "ip"]


def look_at_set(address: str) -> JsonObject:
    """Return the command that tells the set of ``address``."""
    return {"list": {"set": {**_TABLE, "name": set_of(address)}}}


def look_at_table() -> JsonObject:
    """Return the command that tells all that is ours."""
    return {"list": {"table": {"family": "inet", "name": TABLE}}}


def structure() -> Iterator[JsonObject]:
    """Yield what makes table, sets, chains and rules as they must be, whatever of them is there; elements stay."""
    yield {"add": {"table": {"family": "inet", "name": TABLE}}}
    for protocol, name in _SETS.items():
        blocked = {**_TABLE, "name": name, "type": _TYPES[protocol], "flags": ["timeout"], "stmt": [{"counter": None}]}
        yield {"add": {"set": blocked}}
    for chain in _CHAINS:
        base = {"type": "filter", "hook": chain, "prio": _PRIORITY, "policy": "accept"}
        yield {"add": {"chain": {**_TABLE, "name": chain, **base}}}
        yield {"flush": {"chain": {**_TABLE, "name": chain}}}
        for expressions in _rules(chain):
            yield {"add": {"rule": {**_TABLE, "chain": chain, "expr": [*expressions, {"drop": None}]}}}


def put(address: str, key: str, until: int, now: int, *, known: bool) -> Iterator[JsonObject]:
    """Yield what blocks ``address`` until then, in whole seconds rounded up; a known element is replaced, not edited.

    A fresh one is refused by the kernel where somebody else's is there meanwhile.
    """
    seconds = max(1, -((now - until) // SECOND))
    named = {**_TABLE, "name": set_of(address)}
    if known:  # it may end just now: added first, so that it can be deleted in any case
        yield {"add": {"element": {**named, "elem": [address]}}}
        yield {"delete": {"element": {**named, "elem": [address]}}}
    entry = {"val": address, "timeout": seconds, "comment": f"{key} {until}"}
    yield {"create": {"element": {**named, "elem": [{"elem": entry}]}}}


def drop(address: str) -> JsonObject:
    """Return what takes ``address`` out."""
    return {"delete": {"element": {**_TABLE, "name": set_of(address), "elem": [address]}}}


def element(listing: Sequence[JsonObject], address: str, now: int) -> Element | None:
    """Return what the listing of a set or table says of ``address``."""
    wanted = set_of(address)
    for entry in listing:
        told = entry.get("set")
        if not isinstance(told, dict) or told.get("name") != wanted:
            continue
        for raw in told.get("elem") or ():
            found = raw.get("elem") if isinstance(raw, dict) else {"val": raw}
            if isinstance(found, dict) and found.get("val") == address:
                return _element(found, now)
    return None


def missing(listing: Sequence[JsonObject]) -> tuple[str, ...]:
    """Return what must be there and is not, so that a blocked address would pass; nothing where all is in place."""
    chains = {one["name"]: one for entry in listing if isinstance(one := entry.get("chain"), dict) and "name" in one}
    tables = [one for entry in listing if isinstance(one := entry.get("table"), dict)]
    asleep = [f"the table {TABLE} is dormant" for one in tables if "dormant" in (one.get("flags") or ())]
    return (*asleep, *(problem for name in _CHAINS for problem in _missing_in(name, chains.get(name), listing)))


def _missing_in(name: str, chain: JsonObject | None, listing: Sequence[JsonObject]) -> Iterator[str]:
    if chain is None or chain.get("hook") != name or chain.get("type") != "filter":
        yield f"no chain of ours at {name}"
        return
    rules = [one for entry in listing if isinstance(one := entry.get("rule"), dict) and one.get("chain") == name]
    told = [[part for part in rule.get("expr", ()) if "counter" not in part] for rule in rules]
    if told != [[*expressions, {"drop": None}] for expressions in _rules(name)]:
        yield f"the rules of the chain {name} are not the ones that drop"


def _rules(chain: str) -> Iterator[list[JsonObject]]:
    interface, fields = _CHAINS[chain]
    for protocol, name in _SETS.items():
        for field in fields:
            held = _match("==", {"payload": {"protocol": protocol, "field": field}}, f"@{name}")
            yield [_match("!=", {"meta": {"key": interface}}, "lo"), held] if interface else [held]


def _match(operator: str, left: JsonObject, right: str) -> JsonObject:
    return {"match": {"op": operator, "left": left, "right": right}}


def _element(told: JsonObject, now: int) -> Element:
    owner, _, noted = str(told.get("comment", "")).partition(" ")
    counter = told.get("counter")
    dropped = counter.get("packets", 0) if isinstance(counter, dict) else 0
    return Element(str(told["val"]), owner, _until(told.get("expires"), noted, now), int(dropped))


def _until(expires: object, noted: str, now: int) -> int | None:
    """The kernel decides when it ends; it tells whole seconds, the comment tells the instant that was meant."""
    if not isinstance(expires, int):
        return None
    kernel = now + expires * SECOND
    meant = int(noted) if noted.isascii() and noted.isdecimal() else kernel
    return meant if abs(meant - kernel) <= _NEAR else kernel
