"""Filing: under which keys a fact stands, so that every question of the graph finds it from either end."""

from collections.abc import Callable
from typing import Final, cast

from schemas.fact import (
    Connection,
    CredentialAccess,
    CredentialUsed,
    Fact,
    FileWritten,
    NameResolved,
    PrincipalChanged,
    ProcessEnded,
    ProcessStarted,
    RemoteThread,
    ScriptHostStarted,
    ServiceMade,
    SessionOpened,
    ShareOpened,
)
from services.detect.correlate.core.seeds import Seed, process_id, sight
from services.detect.correlate.core.store import Store
from services.detect.correlate.core.vocabulary import (
    DIRECTORY_PORTS,
    EXECUTION_PORTS,
    base,
    is_hub,
    is_local_session,
    is_person,
    is_special,
)

KDC_PORT: Final = 88


def file_fact(store: Store, fact: Fact) -> Seed | None:
    """File ``fact``; return the seed that it may have made."""
    store.add(("host", fact.host), fact.host, fact.host)
    return _FILERS[type(fact)](store, fact)


def _start(store: Store, fact: ProcessStarted) -> Seed | None:
    host, ref, parent = fact.host, fact.process, fact.parent
    for name in (ref.guid, ref.pid):
        if name:
            store.add(("start", host, name), fact.event, fact)
    sight(store, host, ref, fact.time, fact.event)
    if parent.guid or parent.pid:
        sight(store, host, parent, fact.time, fact.event)
        for name in (parent.guid, parent.pid):
            if name:
                store.add(("kids", host, name), fact.event, fact)
    if not is_local_session(fact.session):
        store.add(("members", host, fact.session), fact.event, fact)
    if not is_hub(ref.image):
        store.add(("image", host, ref.image), fact.event, fact)
    if fact.command.digest and not (ref.guid and ref.pid):
        store.add(("digest", host, fact.command.digest), fact.event, fact)
    if base(parent.image) == "services.exe" and fact.command.tail:
        store.add(("tail", host, fact.command.tail), fact.event, fact)
    _learn_domain(store, fact.user)
    told = fact.command.encoded or fact.parent_command.encoded
    marked = any(written.marked for written in store.table(("written", host, ref.image)).values())
    return Seed("process", host, ref=ref, time=fact.time) if told or marked else None


def _end(store: Store, fact: ProcessEnded) -> None:
    for name in (fact.process.guid, fact.process.pid):
        if name:
            store.add(("end", fact.host, name), fact.event, fact)
    sight(store, fact.host, fact.process, fact.time, fact.event)


def _connection(store: Store, fact: Connection) -> None:
    outbound = fact.outbound
    if not outbound and fact.source_port in DIRECTORY_PORTS and fact.destination_port > 1024:
        # a sensor that logs the answer as an inbound connection: the server side is the source
        _own(store, fact.source, fact)
        if fact.source_port == KDC_PORT:
            _controller(store, fact, "kdc")
        return
    _own(store, fact.source if outbound else fact.destination, fact)
    if not outbound:
        if fact.destination_port == KDC_PORT:
            _controller(store, fact, "kdc")
        return
    if fact.destination and not is_special(fact.destination):
        _outbound(store, fact)


def _controller(store: Store, fact: Connection | CredentialUsed, why: str) -> None:
    store.add(("controller", fact.host), why, fact)
    store.add(("controllers",), fact.host, fact.host)


def _own(store: Store, address: str, fact: Connection) -> None:
    if address and not is_special(address):
        store.add(("own", address), fact.host, fact.host)
        store.add(("addresses", fact.host), address, address)


def _outbound(store: Store, fact: Connection) -> None:
    host, ref, peer, port = fact.host, fact.process, fact.destination, fact.destination_port
    hub = is_hub(ref.image)
    if port in DIRECTORY_PORTS and hub:
        store.add(("directory", peer), port, port)
    name = process_id(ref)
    if not name:
        return
    sight(store, host, ref, fact.time, fact.event)
    store.widen(("peers", host, name), (ref.image, peer, port), fact.time, fact.event)
    if hub:
        return
    if port in EXECUTION_PORTS:
        store.add(("callers", peer), fact.event, fact)
    if fact.source_port and fact.source:
        store.add(("port", fact.source, fact.source_port), fact.event, fact)
        store.add(("ports", host, name), fact.event, fact)
    if fact.user:
        store.earliest(("users", host, name), fact.user, fact.time, fact.event)


def _session(store: Store, fact: SessionOpened) -> None:
    store.add(("session", fact.host, fact.session), fact.event, fact)
    _learn_domain(store, fact.account)
    if not is_person(fact.account):
        return
    if fact.kind in {"network", "remote_interactive"}:
        store.add(("arrivals", fact.host), fact.event, fact)
        store.add(("remote", fact.host, fact.account), fact.event, fact)
    if fact.kind in {"interactive", "remote_interactive"}:
        store.earliest(("people", fact.host), fact.account, fact.time, fact.event)
    if fact.client:
        store.add(("from", fact.client), fact.event, fact)
        if fact.client_port:
            store.add(("client", fact.client, fact.client_port), fact.event, fact)


def _share(store: Store, fact: ShareOpened) -> None:
    if not fact.session or is_local_session(fact.session):
        return
    store.add(("session", fact.host, fact.session), fact.event, fact)
    if is_person(fact.account):
        store.add(("arrivals", fact.host), fact.event, fact)
        if fact.client and fact.client_port:
            store.add(("client", fact.client, fact.client_port), fact.event, fact)


def _credential(store: Store, fact: CredentialUsed) -> Seed | None:
    if fact.method in {"ticket", "granting", "replication"}:
        _controller(store, fact, fact.method)
    if fact.method == "replication":
        if not is_person(fact.actor):
            return None
        store.add(("session", fact.host, fact.session), fact.event, fact)
        return Seed("session", fact.host, name=fact.session)
    if fact.method == "failure":
        return _failure(store, fact)
    if fact.method == "ticket" and fact.weak and is_person(fact.account):
        return _ticket(store, fact)
    if fact.method == "explicit" and process_id(fact.process) and not is_hub(fact.process.image):
        _deed(store, fact)
    return None


def _failure(store: Store, fact: CredentialUsed) -> Seed | None:
    if fact.process.pid and fact.process.image and not is_hub(fact.process.image):
        _deed(store, fact)
        return Seed("process", fact.host, ref=fact.process, time=fact.time)
    source = fact.client or fact.workstation
    if not source:
        return None
    store.add(("tried", source), fact.event, fact)
    store.add(("principals", source), ("", source), ("", source))
    return Seed("principal", "", address=source)


def _ticket(store: Store, fact: CredentialUsed) -> Seed | None:
    if fact.service.endswith("$") or fact.service.partition("/")[0] == "krbtgt":
        return None
    store.add(("tickets", fact.account, fact.client), fact.event, fact)
    store.add(("principals", fact.client), (fact.account, fact.client), (fact.account, fact.client))
    return Seed("principal", "", name=fact.account, address=fact.client)


def _service(store: Store, fact: ServiceMade) -> Seed | None:
    name = f"{fact.form}:{fact.name}"
    store.add(("service", fact.host, name), fact.event, fact)
    if not is_local_session(fact.session):
        store.add(("session", fact.host, fact.session), fact.event, fact)
    if fact.client.guid or fact.client.pid:
        store.add(("deed", fact.host, process_id(fact.client)), fact.event, fact)
    if fact.command.tail:
        store.add(("tail", fact.host, fact.command.tail), fact.event, fact)
    return Seed("service", fact.host, name=name)


def _file(store: Store, fact: FileWritten) -> Seed | None:
    store.add(("written", fact.host, fact.path), fact.event, fact)
    sight(store, fact.host, fact.process, fact.time, fact.event)
    if not is_hub(fact.process.image):
        _deed(store, fact)
    runs = store.table(("image", fact.host, fact.path)) if fact.marked else {}
    for run in runs.values():
        return Seed("process", fact.host, ref=run.process, time=run.time)
    dump = fact.path.endswith(".dmp") and "lsass" in fact.path
    return Seed("process", fact.host, ref=fact.process, time=fact.time) if dump else None


def _access(store: Store, fact: CredentialAccess) -> Seed:
    sight(store, fact.host, fact.process, fact.time, fact.event)
    _deed(store, fact)
    return Seed("process", fact.host, ref=fact.process, time=fact.time)


def _thread(store: Store, fact: RemoteThread) -> Seed:
    sight(store, fact.host, fact.process, fact.time, fact.event)
    sight(store, fact.host, fact.target, fact.time, fact.event)
    _deed(store, fact)
    store.add(("hurt", fact.host, process_id(fact.target)), fact.event, fact)
    return Seed("process", fact.host, ref=fact.process, time=fact.time)


def _name(store: Store, fact: NameResolved) -> None:
    for address in fact.addresses:
        store.add(("answer", fact.host, address), fact.name, fact.name)
        if "." in fact.name:
            store.add(("names", address), fact.name, fact.name)


def _principal(store: Store, fact: PrincipalChanged) -> None:
    if not is_local_session(fact.session):
        store.add(("session", fact.host, fact.session), fact.event, fact)


def _script_host(store: Store, fact: ScriptHostStarted) -> Seed | None:
    if not process_id(fact.process):
        return None
    name = process_id(fact.process)
    sight(store, fact.host, fact.process, fact.time, fact.event)
    if fact.user:
        store.earliest(("users", fact.host, name), fact.user, fact.time, fact.event)
    if not fact.command.encoded:
        return None
    # an engine says the same again and again: its words name it, not the event
    store.earliest(("engines", fact.host, name), fact.command, fact.time, fact.event)
    return Seed("process", fact.host, ref=fact.process, time=fact.time)


def _deed(store: Store, fact: CredentialUsed | FileWritten | CredentialAccess | RemoteThread) -> None:
    name = process_id(fact.process)
    if name:
        store.add(("deed", fact.host, name), fact.event, fact)


def _learn_domain(store: Store, account: str) -> None:
    domain = account.partition("\\")[0]
    if is_person(account):
        store.add(("domains",), domain, domain)


_FILERS: Final = cast(
    "dict[type, Callable[[Store, Fact], Seed | None]]",
    {
        ProcessStarted: _start,
        ProcessEnded: _end,
        Connection: _connection,
        SessionOpened: _session,
        CredentialUsed: _credential,
        ServiceMade: _service,
        FileWritten: _file,
        CredentialAccess: _access,
        RemoteThread: _thread,
        NameResolved: _name,
        PrincipalChanged: _principal,
        ShareOpened: _share,
        ScriptHostStarted: _script_host,
    },
)
