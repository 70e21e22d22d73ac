"""The graph as questions over the tables. A view lives for one decision and notes every key that it read."""

from schemas.fact import CredentialUsed, PrincipalChanged, ServiceMade, SessionOpened, ShareOpened
from services.detect.correlate.core.nodes import Principal, Service, Session
from services.detect.correlate.core.process_view import ProcessView
from services.detect.correlate.core.vocabulary import is_person, is_special


class View(ProcessView):
    """Questions about everything: processes, and sessions, services, principals and addresses besides."""

    def session(self, host: str, logon: str) -> Session:
        """Return one session of a host, from every fact that names it."""
        facts = self.facts(("session", host, logon))
        opened = [fact for fact in facts if isinstance(fact, SessionOpened)]
        shares = [fact for fact in facts if isinstance(fact, ShareOpened)]
        lead = min(opened, key=lambda fact: (fact.kind == "other", fact.time), default=None)
        clients = {(each.client, each.client_port) for each in opened}
        clients |= {(each.client, each.client_port) for each in shares}
        accounts = [each.account for each in opened] + [each.account for each in shares]
        accounts += [fact.actor for fact in facts if isinstance(fact, CredentialUsed | PrincipalChanged)]
        return Session(
            id=f"session:{host}:{logon}",
            host=host,
            logon=logon,
            account=next(filter(is_person, accounts), next(filter(None, accounts), "")),
            kind=lead.kind if lead is not None else "network" if shares else "",
            opened=facts[0].time if facts else 0,
            event=facts[0].event if facts else "",
            clients=tuple(sorted((address, port) for address, port in clients if not is_special(address))),
        )

    def service(self, host: str, name: str) -> Service:
        """Return one service or task of a host, from every fact that names it."""
        made = [fact for fact in self.facts(("service", host, name)) if isinstance(fact, ServiceMade)]
        form, _, plain = name.partition(":")
        commands = {fact.command.digest: fact.command for fact in made if fact.command.digest}
        return Service(
            id=f"service:{host}:{name}",
            host=host,
            form=form,
            name=plain,
            commands=tuple(commands[digest] for digest in sorted(commands)),
            installers=tuple(sorted({fact.account for fact in made if is_person(fact.account)})),
            made=made[0].time if made else 0,
            event=made[0].event if made else "",
        )

    def principal(self, account: str, source: str) -> Principal:
        """Return the evidence that names ``account`` (any, where empty) at ``source``, an address or a workstation."""
        is_host = bool(self.read(("host", source)))
        hosts = (source,) if is_host else self.owners(source)
        return Principal(
            id=f"principal:{account}:{source}",
            account=account,
            workstation=source if is_host else "",
            address="" if is_host else source,
            hosts=hosts,
        )

    def owners(self, address: str) -> tuple[str, ...]:
        """Return the hosts that were seen to use ``address`` as their own."""
        return tuple(sorted(self.read(("own", address)))) if address else ()

    def is_controller(self, host: str) -> bool:
        """Whether ``host`` was seen to act as a domain controller."""
        return bool(self.read(("controller", host)))

    def controllers(self) -> frozenset[str]:
        """Return the hosts that were seen to act as domain controllers, and those that the inventory calls so."""
        return frozenset(self.read(("controllers",))) | self.inventory.controllers
