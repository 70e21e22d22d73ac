"""Hosts: where the attacker's code runs, from where it reached out, and where it only landed."""

from schemas.entity import AssetClass, EntityType, Role
from services.detect.correlate.core.edges import joins_processes
from services.detect.correlate.core.groups import Group
from services.detect.correlate.core.nodes import IMPLANT_ANCHORS, Principal, Process, Service, Session
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import EXECUTION_PORTS, base, is_person
from services.detect.correlate.roles.casting import Casting


def cast_hosts(view: View, group: Group, casting: Casting) -> None:
    """Give every host of the group its part."""
    for node in group.nodes.values():
        if isinstance(node, Process):
            _of_process(view, group, casting, node)
        elif isinstance(node, Session):
            _of_session(view, group, casting, node)
        elif isinstance(node, Service):
            _of_service(group, casting, node)
        else:
            _of_principal(group, casting, node)


def spare_controllers(view: View, casting: Casting) -> None:
    """Whatever was said of it: a domain controller is infrastructure."""
    for part in casting.parts.values():
        if part.type is EntityType.HOST:
            why = why_controller(view, part.name)
            part.asset_class = view.inventory.host_class(part.name)
            if why:
                part.asset_class = AssetClass.DOMAIN_CONTROLLER
                part.forced = (Role.INFRASTRUCTURE, why)


def why_controller(view: View, host: str) -> str:
    """Return why the host is a domain controller; `""` where nothing says so."""
    declared = view.inventory.host_class(host)
    if declared is AssetClass.DOMAIN_CONTROLLER:
        return "a domain controller, as the inventory says: never isolated"
    if declared is AssetClass.UNKNOWN and view.is_controller(host):
        return "a domain controller: it issues Kerberos tickets or replicates the directory; never isolated"
    return ""


def _of_process(view: View, group: Group, casting: Casting, process: Process) -> None:
    if not view.is_free(process):
        return
    name, observations = base(process.image), group.observations[process.id]
    implant = [seen for seen in observations if seen.anchor in IMPLANT_ANCHORS]
    for seen in implant:
        why = f"{name} under the attacker's control: {seen.why}"
        casting.give(EntityType.HOST, process.host, Role.ATTACKER_CONTROLLED, why, seen.time)
    for seen in observations:
        if seen.anchor == "remote" and not implant:
            casting.give(EntityType.HOST, process.host, Role.TARGET, seen.why, seen.time)
    if not view.is_hub(process):
        _reached(view, casting, process)


def _reached(view: View, casting: Casting, process: Process) -> None:
    for address, port, span in view.peers(process):
        if port not in EXECUTION_PORTS:
            continue
        for other in view.owners(address):
            if other != process.host:
                why = f"{base(process.image)} reached out from here to {other}:{port}"
                casting.give(EntityType.HOST, process.host, Role.ATTACKER_CONTROLLED, why, span.first, last=span.last)
                there = f"{base(process.image)} of {process.host} reached its port {port}"
                casting.give(EntityType.HOST, other, Role.TARGET, there, span.first, last=span.last)


def _of_session(view: View, group: Group, casting: Casting, session: Session) -> None:
    if not is_person(session.account):
        return
    if joins_processes(session):
        for address, _ in session.clients:
            for source in view.owners(address):
                if source != session.host:
                    why = f"the session of {session.account} on {session.host} came from here"
                    casting.give(EntityType.HOST, source, Role.ATTACKER_CONTROLLED, why, session.opened)
    last = max((seen.time for seen in group.observations[session.id]), default=session.opened)
    why = f"{session.account} logged on here from another host"
    casting.give(EntityType.HOST, session.host, Role.TARGET, why, session.opened, last=last)


def _of_service(group: Group, casting: Casting, service: Service) -> None:
    for seen in group.observations[service.id]:
        if seen.is_hard:
            casting.give(EntityType.HOST, service.host, Role.ATTACKER_CONTROLLED, seen.why, seen.time)
        else:
            casting.give(EntityType.HOST, service.host, Role.TARGET, seen.why, seen.time)


def _of_principal(group: Group, casting: Casting, principal: Principal) -> None:
    for seen in group.observations[principal.id]:
        for host in principal.hosts:
            if seen.is_hard:
                casting.give(
                    EntityType.HOST, host, Role.ATTACKER_CONTROLLED, f"it came from here: {seen.why}", seen.time
                )
