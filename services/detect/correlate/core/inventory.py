"""What the tenant's inventory says: own networks, resolvers, classes of machines and accounts."""

from dataclasses import dataclass, field
from ipaddress import ip_address

from schemas.entity import AssetClass, canonical_address, canonical_host
from schemas.tenant import Account, Asset, Network, Tenant, Thresholds


@dataclass(frozen=True, slots=True)
class Inventory:
    """The tenant's own knowledge; empty where there is none."""

    networks: tuple[Network, ...] = ()
    resolvers: frozenset[str] = frozenset()
    hosts: dict[str, Asset] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    automation: frozenset[str] = frozenset()
    controllers: frozenset[str] = frozenset()
    thresholds: Thresholds = field(default_factory=Thresholds)

    @classmethod
    def of(cls, tenant: Tenant) -> "Inventory":
        """Return what ``tenant`` declares."""
        hosts = {canonical_host(name): asset for asset in tenant.assets for name in _names(asset)}
        return cls(
            networks=tenant.networks,
            resolvers=frozenset(filter(None, map(canonical_address, tenant.resolvers))),
            hosts=hosts,
            addresses={
                canonical_address(alias): canonical_host(asset.name)
                for asset in tenant.assets
                for alias in _names(asset)
                if canonical_address(alias)
            },
            accounts={_folded(name): account for account in tenant.accounts for name in _aliases(account)},
            controllers=frozenset(
                host for host, asset in hosts.items() if asset.asset_class is AssetClass.DOMAIN_CONTROLLER
            ),
            automation=frozenset(map(_folded, tenant.automation_accounts)),
            thresholds=tenant.thresholds,
        )

    def is_own(self, address: str) -> bool:
        """Whether the inventory says that the address is the tenant's own."""
        if address in self.addresses:
            return True
        found = ip_address(address)
        return any(found.version == network.version and found in network for network in self.networks)

    def host_class(self, host: str) -> AssetClass:
        """Return the class that the inventory gives a host."""
        asset = self.hosts.get(host)
        return asset.asset_class if asset is not None else AssetClass.UNKNOWN

    def account_class(self, account: str) -> AssetClass:
        """Return the class that the inventory gives an account."""
        known = self.accounts.get(_folded(account))
        return known.asset_class if known is not None else AssetClass.UNKNOWN

    def is_automation(self, account: str) -> bool:
        """Whether the account belongs to configuration management."""
        return _folded(account) in self.automation


def _names(asset: Asset) -> tuple[str, ...]:
    return (asset.name, *asset.aliases)


def _aliases(account: Account) -> tuple[str, ...]:
    return (account.name, *account.aliases, *filter(None, (account.upn,)))


def _folded(account: str) -> str:
    return account.lower()
