"""Entities: what a finding names and a control can take, under one canonical id each."""

import re
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_SLUG = r"^[a-z0-9-]{1,40}$"
TenantSlug = Annotated[str, StringConstraints(pattern=_SLUG)]


def is_tenant(name: str) -> bool:
    """Whether a tenant can be called so."""
    return re.fullmatch(_SLUG, name) is not None


class EntityType(StrEnum):
    """What can be the target of a command."""

    HOST = "host"
    ACCOUNT = "account"
    ADDRESS = "address"
    SESSION = "session"
    KEY = "key"
    PROCESS = "process"
    FILE = "file"


class Role(StrEnum):
    """What an entity is in an incident."""

    ATTACKER_CONTROLLED = "attacker_controlled"
    VICTIM = "victim"
    TARGET = "target"
    INFRASTRUCTURE = "infrastructure"
    UNKNOWN = "unknown"


class Authority(StrEnum):
    """How far the evidence carries a control on an entity: not at all, to a human, or by itself."""

    NONE = "none"
    PROPOSE = "propose"
    ACT = "act"


class AssetClass(StrEnum):
    """What kind of machine or account it is; an unknown one is contained only where no guard needs the class."""

    WORKSTATION = "workstation"
    SERVER = "server"
    DOMAIN_CONTROLLER = "domain_controller"
    NETWORK_DEVICE = "network_device"
    PERSON = "person"
    ADMINISTRATOR = "administrator"
    SERVICE_ACCOUNT = "service_account"
    MACHINE_ACCOUNT = "machine_account"
    UNKNOWN = "unknown"


class Entity(BaseModel):
    """One entity of an incident, with its role and the reason in words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: EntityType
    id: str
    aliases: tuple[str, ...] = ()
    role: Role
    why: str
    authority: Authority = Authority.NONE
    asset_class: AssetClass = AssetClass.UNKNOWN
    observed: bool = Field(default=True, description="named by a field that a sensor observed, not by parsed text")
    since: int = Field(description="time of the first evidence, epoch milliseconds")
    last: int = Field(description="time of the newest evidence, epoch milliseconds")


def canonical_host(name: str) -> str:
    """Return the short name in upper case: ``wks01.corp.example`` -> ``WKS01``; an address stays whole."""
    name = name.strip().strip("\\")
    return name if _is_address(name) else name.split(".")[0].upper()


def canonical_account(domain: str, name: str) -> str:
    r"""Return ``DOMAIN\name``: domain upper case without its DNS suffix, name lower case; ``""`` where no name is given.

    A user principal name is split where ``domain`` is empty.
    """
    name, domain = name.strip(), domain.strip()
    if not name or name == "-":
        return ""
    if "@" in name and not domain:
        name, _, domain = name.partition("@")
    return f"{domain.split('.')[0].upper()}\\{name.partition('@')[0].lower()}"


@lru_cache(maxsize=65_536)
def canonical_address(text: str) -> str:
    """Return the address as text, an IPv4-mapped one as IPv4, none with its zone; ``""`` where ``text`` is none."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Address(int(address)))


def _is_address(text: str) -> bool:
    return bool(canonical_address(text))
