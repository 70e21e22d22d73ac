"""What must never be taken, or not without a human: named assets, domain controllers, machine and built-in accounts."""

from collections.abc import Iterable
from typing import Final

from schemas.control import Control
from schemas.entity import AssetClass, Authority, EntityType, Role, canonical_account, canonical_host
from schemas.tenant import Account, Asset, Tenant
from services.respond.ports.aims import Aim
from services.respond.ports.guards import Allow, Ask, Facts, Guard, GuardExample, Plan, Refuse, Verdict

_BUILT_IN = frozenset({
    "system", "local service", "network service", "anonymous logon", "krbtgt", "guest", "defaultaccount",
    "wdagutilityaccount", "iusr", "root", "local system", "localsystem", "localservice", "networkservice",
})  # fmt: skip
_BUILT_IN_DOMAINS = frozenset({
    "NT AUTHORITY", "NT SERVICE", "NT VIRTUAL MACHINE", "WINDOW MANAGER", "FONT DRIVER HOST", "BUILTIN", "IIS APPPOOL",
})  # fmt: skip
_BUILT_IN_SIDS = ("S-1-5-18", "S-1-5-19", "S-1-5-20", "S-1-5-7")
_LAST_RESORT = frozenset({"administrator"})


class _Protected:
    name = "protected"
    controls = frozenset(
        {
            Control.NETWORK_ISOLATION,
            Control.ACCOUNT_DISABLED,
            Control.SESSIONS_REVOKED,
            Control.KEY_DEACTIVATED,
            Control.PROCESS_TERMINATE,
            Control.FILE_QUARANTINE,
        }
    )

    @property
    def examples(self) -> tuple[GuardExample, ...]:
        """A protected asset by its alias, a domain controller, a machine account, an ordinary workstation."""
        return _EXAMPLES

    def judge(self, plan: Plan, facts: Facts, now: int) -> Verdict:  # noqa: ARG002 nothing here depends on time
        """Return what the inventory, the class and the name say."""
        if plan.aim.type is EntityType.HOST:
            return _host(plan, facts)
        if plan.aim.type is EntityType.ACCOUNT:
            return _account(plan, facts)
        return Allow(f"the inventory protects no {plan.aim.type}")


def _host(plan: Plan, facts: Facts) -> Verdict:
    asset = _asset(facts.tenant, plan.aim)
    if asset is not None and asset.protected:
        return Refuse(f"{asset.name} is a protected asset of the tenant", "the tenant's configuration")
    classes = {plan.asset_class, facts.classes.get(plan.aim.id), asset.asset_class if asset else None}
    if AssetClass.DOMAIN_CONTROLLER in classes:
        return Refuse(f"{plan.aim.id} is a domain controller", "nothing: disable the abused account instead")
    if AssetClass.NETWORK_DEVICE in classes:
        return Ask(f"{plan.aim.id} is a network device, others depend on it", "another class in the inventory")
    if asset is not None and asset.criticality == "high":
        return Ask(f"{asset.name} is of high criticality", "a lower criticality in the inventory")
    return _undoable(plan, classes - {None, AssetClass.UNKNOWN} != set())


def _account(plan: Plan, facts: Facts) -> Verdict:
    account = _entry(facts.tenant, plan.aim)
    if account is not None and account.protected:
        return Refuse(f"{account.name} is a protected account of the tenant", "the tenant's configuration")
    classes = {plan.asset_class, facts.classes.get(plan.aim.id), account.asset_class if account else None}
    name, domain = _parts(plan.aim)
    if AssetClass.MACHINE_ACCOUNT in classes or name.endswith("$"):
        return Refuse(f"{plan.aim.id} is a machine account", "nothing: isolate the machine instead")
    if name in _BUILT_IN or domain in _BUILT_IN_DOMAINS or _names(plan.aim) & set(_BUILT_IN_SIDS):
        return Refuse(f"{plan.aim.id} is built in", "nothing")
    if name in _LAST_RESORT:
        return Ask(
            f"{plan.aim.id} may be the last way in for an administrator", "an account of its own for each person"
        )
    if AssetClass.SERVICE_ACCOUNT in classes:
        return Ask(f"{plan.aim.id} is a service account, programs depend on it", "another class in the inventory")
    return _undoable(plan, classes - {None, AssetClass.UNKNOWN} != set())


def _undoable(plan: Plan, class_known: bool) -> Verdict:
    if plan.has_undo or class_known:
        return Allow("neither its class nor the inventory protects it", "an entry of the inventory that protects it")
    return Ask("its class is unknown, and the control cannot be undone", "an entry of the inventory with its class")


def _asset(tenant: Tenant, aim: Aim) -> Asset | None:
    names = _names(aim)
    hosts = {canonical_host(name).casefold() for name in (aim.id, *aim.aliases)}
    for asset in sorted(tenant.assets, key=lambda one: not one.protected):
        known = (asset.name, *asset.aliases)
        if names & _folded(known) or hosts & _folded(map(canonical_host, known)):
            return asset
    return None


def _entry(tenant: Tenant, aim: Aim) -> Account | None:
    names = _names(aim)
    for account in sorted(tenant.accounts, key=lambda one: not one.protected):
        known = (account.name, *account.aliases, account.sid, account.upn, account.object_id)
        if names & (_folded(known) | _folded(map(_canonical, filter(None, known)))):
            return account
        if _parts(aim)[0] in _folded((account.name, *account.aliases)):
            return account  # a name without a domain means that name in each
    return None


def _canonical(name: str) -> str:
    r"""Return ``DOMAIN\name`` of a name written as ``domain.example\name`` or as a user principal name."""
    domain, _, account = name.rpartition("\\")
    return canonical_account(domain, account)


def _names(aim: Aim) -> set[str]:
    return {name.casefold() for name in (aim.id, *aim.aliases)} | {n for n in aim.aliases if n in _BUILT_IN_SIDS}


def _folded(names: Iterable[str | None]) -> set[str]:
    return {name.casefold() for name in names if name}


def _parts(aim: Aim) -> tuple[str, str]:
    domain, _, name = aim.id.rpartition("\\")
    return name.partition("@")[0].casefold(), domain.upper()


def _plan(kind: EntityType, name: str, **more: object) -> Plan:
    control = Control.NETWORK_ISOLATION if kind is EntityType.HOST else Control.ACCOUNT_DISABLED
    aliases = tuple(map(str, more.get("aliases", ())))  # type: ignore[call-overload]
    asset_class = AssetClass(str(more.get("asset_class", AssetClass.UNKNOWN)))
    return Plan(control, Aim(kind, name, aliases), Role.ATTACKER_CONTROLLED, "", Authority.ACT, asset_class, True, 0)


_INVENTORY = Tenant(
    slug="example",
    assets=(Asset.model_validate({"name": "ERP01", "aliases": ("erp.example.org",), "protected": True}),),
    accounts=(Account(name="board@corp.example", protected=True), Account(name="Breakglass", protected=True)),
)
_EXAMPLES = (
    GuardExample("a protected asset under another name", _plan(EntityType.HOST, "ERP", aliases=("erp.example.org",)),
                 Facts(_INVENTORY), 0, "refuse"),
    GuardExample("a protected asset that its events call by the short form of its other name",
                 _plan(EntityType.HOST, "ERP"), Facts(_INVENTORY), 0, "refuse"),
    GuardExample("a protected account that is configured by its principal name", _plan(EntityType.ACCOUNT, "CORP\\board"),
                 Facts(_INVENTORY), 0, "refuse"),
    GuardExample("a protected account that is configured without a domain", _plan(EntityType.ACCOUNT, "CORP\\breakglass"),
                 Facts(_INVENTORY), 0, "refuse"),
    GuardExample("a controller that events gave away", _plan(EntityType.HOST, "ALPHA"),
                 Facts(_INVENTORY, {"ALPHA": AssetClass.DOMAIN_CONTROLLER}), 0, "refuse"),
    GuardExample("a machine account", _plan(EntityType.ACCOUNT, "CORP\\wks01$"), Facts(_INVENTORY), 0, "refuse"),
    GuardExample("the operating system itself", _plan(EntityType.ACCOUNT, "NT AUTHORITY\\system"),
                 Facts(_INVENTORY), 0, "refuse"),
    GuardExample("the built-in administrator", _plan(EntityType.ACCOUNT, "CORP\\administrator"),
                 Facts(_INVENTORY), 0, "ask"),
    GuardExample("a machine of no known class", _plan(EntityType.HOST, "WKS01"), Facts(_INVENTORY), 0, "allow"),
    GuardExample("a person", _plan(EntityType.ACCOUNT, "CORP\\jane"), Facts(_INVENTORY), 0, "allow"),
)  # fmt: skip

GUARD: Final[Guard] = _Protected()
