"""Tenants: what is known of one client company, from ``tenants/<slug>.yaml``."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from schemas.control import Control
from schemas.entity import AssetClass, TenantSlug
from schemas.mode import Mode

Network = IPv4Network | IPv6Network
Minutes = Annotated[int, Field(gt=0, le=30 * 24 * 60)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Asset(_Section):
    """One machine of the inventory."""

    name: str
    aliases: tuple[str, ...] = Field(default=(), description="other names, FQDNs, addresses")
    asset_class: AssetClass = Field(default=AssetClass.UNKNOWN, alias="class")
    criticality: Literal["low", "medium", "high"] = "medium"
    protected: bool = False


class Account(_Section):
    """One account of the inventory."""

    name: str = Field(description="canonical: `DOMAIN\\name`, or the UPN in lower case")
    aliases: tuple[str, ...] = ()
    sid: str | None = None
    upn: str | None = None
    object_id: str | None = None
    asset_class: AssetClass = Field(default=AssetClass.PERSON, alias="class")
    protected: bool = False


class ConnectorConfig(_Section):
    """One product of the tenant. Secrets come resolved from ``{env: NAME}`` or ``{file: PATH}``."""

    name: str
    kind: str = Field(description="file name of the connector plug-in")
    base_url: str = Field(description="its address; what a kind on this host takes instead is in its how-to")
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    management: tuple[Network, ...] = Field(
        default=(), description="whence it is managed; addresses in it are never blocked there"
    )


class Thresholds(_Section):
    """Scores at which an incident is proposed to a human, and acted on by itself."""

    propose: int = 40
    act: int = 80


class Contact(_Section):
    """Who is told, through which channel."""

    channel: str = Field(description="file name of the channel plug-in")
    address: str = Field(description="webhook: URL; email: mail addresses, commas between; terminal: stdout or stderr")
    secrets: dict[str, SecretStr] = Field(default_factory=dict)


class RecordDefaults(_Section):
    """What a message of ``records.<tenant>`` is taken for where its headers do not say."""

    source: str = Field(default="", pattern=r"^[A-Za-z0-9_.:-]{0,64}$", description="empty: recognised by content")
    content_type: str = Field(default="", max_length=100, description="`application/json`, `text/plain`, ...")


class TailedFile(_Section):
    """A log file that is followed as it grows, across rotation and truncation."""

    kind: str = Field(default="auto", pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="source of its lines")
    path: str = Field(pattern=r"^/", description="absolute; `*`, `?`, `[...]` and `**` stand for several files")
    host: str = Field(default="", max_length=255, description="for lines that name no host")
    begin: Literal["beginning", "end"] = Field(
        default="end",
        description="where files that are there at the very first start begin; later ones: at the beginning",
    )


class Tenant(_Section):
    """One client company."""

    slug: TenantSlug
    name: str = ""
    token: SecretStr | None = Field(default=None, description="what shippers present at the HTTP door")
    key: SecretStr | None = Field(default=None, description="makes event ids unforeseeable")
    mode: Mode = Mode.OBSERVE
    modes: dict[Control, Mode] = Field(default_factory=dict, description="per control; the lowest that applies wins")
    networks: tuple[Network, ...] = Field(default=(), description="own addresses; never blocked")
    resolvers: tuple[str, ...] = ()
    assets: tuple[Asset, ...] = ()
    accounts: tuple[Account, ...] = ()
    connectors: tuple[ConnectorConfig, ...] = ()
    contacts: tuple[Contact, ...] = ()
    records: RecordDefaults = RecordDefaults()
    sources: tuple[TailedFile, ...] = Field(default=(), description="files of this machine that are read as they grow")
    queue: str = Field(default="", description="OCSF assignee_group of fresh incidents; the slug where empty")
    thresholds: Thresholds = Thresholds()
    hold_minutes: Annotated[float, Field(gt=0, le=30 * 24 * 60, description="fractions are taken: 0.5")] = 240
    freshness_minutes: Minutes = Field(default=30, description="evidence older than this needs a human")
    automation_accounts: tuple[str, ...] = ()
