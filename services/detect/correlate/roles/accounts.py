"""Accounts: whose tokens the attacker holds, whose are borrowed, and who is a victim."""

from schemas.entity import AssetClass, Authority, EntityType, Role
from schemas.fact import FileWritten
from schemas.times import SECOND
from services.detect.correlate.core.groups import Group
from services.detect.correlate.core.nodes import Principal, Process, Service, Session
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import DESKTOP_BROKERS, base, is_person
from services.detect.correlate.evidence.foreign_image import marks
from services.detect.correlate.evidence.logon_after_guessing import guessed
from services.detect.correlate.evidence.password_spray import failures, sprayed
from services.detect.correlate.evidence.success_after_spray import abused
from services.detect.correlate.evidence.weak_tickets import roasted
from services.detect.correlate.roles.casting import Casting, Part

STEERED: int = 60 * SECOND


def cast_accounts(view: View, group: Group, casting: Casting) -> None:
    """Give every account of the group its part."""
    borrowed = _borrowed(view, group)
    for node in group.nodes.values():
        if isinstance(node, Process):
            _of_process(view, casting, node, borrowed)
        elif isinstance(node, Session):
            _of_session(casting, node)
        elif isinstance(node, Service):
            for account in node.installers:
                why = f"made the {node.form} {node.name} on {node.host}"
                casting.give(EntityType.ACCOUNT, account, Role.ATTACKER_CONTROLLED, why, node.made)
        else:
            _of_principal(view, group, casting, node)
    for node in group.nodes.values():
        _victims(view, group, casting, node)
    for part in casting.parts.values():
        if part.type is EntityType.ACCOUNT:
            _classify(view, part)


def _borrowed(view: View, group: Group) -> set[tuple[str, str]]:
    """Return (host, account) of desktops that somebody else's session steered."""
    found = set()
    for edge in group.edges:
        if edge.rule == "U10":
            process = next(node for name in (edge.left, edge.right) if isinstance(node := group.nodes[name], Process))
            session = next(node for name in (edge.left, edge.right) if isinstance(node := group.nodes[name], Session))
            user = view.user(process)
            if is_person(user) and user != session.account:
                found.add((process.host, user))
    return found


def _of_process(view: View, casting: Casting, process: Process, borrowed: set[tuple[str, str]]) -> None:
    user = view.user(process)
    if not is_person(user) or view.is_hub(process):
        return
    name = base(process.image)
    if (process.host, user) in borrowed:
        why = f"{name} on {process.host} ran with this token, but its desktop was steered from another host: borrowed"
        part = casting.give(EntityType.ACCOUNT, user, Role.UNKNOWN, why, process.first)
        part.cap = Authority.PROPOSE
        return
    part = casting.give(
        EntityType.ACCOUNT,
        user,
        Role.ATTACKER_CONTROLLED,
        f"{name} ran with this token on {process.host}",
        process.first,
    )
    part.absence = part.absence or _may_be_steered(view, process, user)


def _may_be_steered(view: View, process: Process, user: str) -> bool:
    """Whether somebody else came to this host just before, so that the desktop may turn out to be steered."""
    if process.start is None or base(process.parent.image) not in DESKTOP_BROKERS:
        return False
    return any(
        opened.account != user and 0 <= process.start - opened.time <= STEERED
        for opened in view.facts(("arrivals", process.host))
    )


def _of_session(casting: Casting, session: Session) -> None:
    if session.is_remote and is_person(session.account):
        why = f"opened a session on {session.host} over the network"
        casting.give(EntityType.ACCOUNT, session.account, Role.ATTACKER_CONTROLLED, why, session.opened)


def _of_principal(view: View, group: Group, casting: Casting, principal: Principal) -> None:
    for opened in abused(view, principal):
        why = f"logged on to {opened.host} from {principal.address} after it was sprayed"
        casting.give(EntityType.ACCOUNT, opened.account, Role.ATTACKER_CONTROLLED, why, opened.time)
    for opened in guessed(view, principal):
        why = f"logged on to {opened.host} from {principal.address} after its password was guessed at"
        casting.give(EntityType.ACCOUNT, opened.account, Role.ATTACKER_CONTROLLED, why, opened.time)
    if not is_person(principal.account):
        return
    for seen in group.observations[principal.id]:
        if seen.is_hard:
            casting.give(EntityType.ACCOUNT, principal.account, Role.ATTACKER_CONTROLLED, seen.why, seen.time)


def _victims(view: View, group: Group, casting: Casting, node: Process | Session | Service | Principal) -> None:
    for name in sprayed(view, node):
        account = _full_name(view, node, name)
        casting.give(
            EntityType.ACCOUNT, account, Role.VICTIM, "its logons failed in a password spray", _first(group, node.id)
        )
    if isinstance(node, Principal):
        for service in roasted(view, node):
            account = f"{node.account.partition(chr(92))[0]}\\{service}"
            why = f"the owner of a ticket that {node.account} asked for under a weak cipher"
            casting.give(EntityType.ACCOUNT, account, Role.VICTIM, why, _first(group, node.id))
    elif isinstance(node, Process):
        _present(view, group, casting, node)


def _present(view: View, group: Group, casting: Casting, process: Process) -> None:
    if any(seen.anchor == "cred" for seen in group.observations[process.id]):
        for person, span in view.read(("people", process.host)).items():
            why = f"was logged on to {process.host} when credentials were read there: reset the password"
            casting.give(EntityType.ACCOUNT, person, Role.VICTIM, why, span.first)
    for mark in marks(view, process):
        owner = _who_fetched(view, mark)
        if is_person(owner):
            why = f"fetched {base(process.image)} with {base(mark.process.image)}: reset the password"
            casting.give(EntityType.ACCOUNT, owner, Role.VICTIM, why, mark.time)


def _who_fetched(view: View, mark: FileWritten) -> str:
    writer = view.process(mark.host, mark.process, mark.time)
    return mark.user or (view.user(writer) if writer is not None else "")


def _full_name(view: View, node: Process | Session | Service | Principal, name: str) -> str:
    told = {fact.account for fact in failures(view, node) if fact.account.rpartition("\\")[2] == name}
    full = sorted(account for account in told if not account.startswith("\\"))
    if full:
        return full[0]
    domains = sorted(view.read(("domains",)))
    return f"{domains[0]}\\{name}" if len(domains) == 1 else f"\\{name}"


def _first(group: Group, node: str) -> int:
    return min((seen.time for seen in group.observations[node]), default=0)


def _classify(view: View, part: Part) -> None:
    part.asset_class = view.inventory.account_class(part.name)
    if part.asset_class is AssetClass.UNKNOWN:
        part.asset_class = AssetClass.PERSON if is_person(part.name) else AssetClass.UNKNOWN
    if view.inventory.is_automation(part.name):
        part.cap = Authority.PROPOSE
        part.caveats.add("an automation account of the inventory: a human decides")
