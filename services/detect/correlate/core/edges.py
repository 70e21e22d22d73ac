"""The unions U1 to U6: which nodes belong to one story, each with its reason, asked from either end."""

from collections.abc import Iterator
from typing import Final

from schemas.fact import FileWritten, ProcessStarted, RemoteThread, ServiceMade, SessionOpened, ShareOpened
from schemas.times import MINUTE, SECOND
from services.detect.correlate.core.nodes import Edge, Node, Process, Service, Session
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import REMOTE_SHELLS, base, is_browser, is_local_session, is_person

PORT_LIFE: Final = 5 * MINUTE
SERVICE_START: Final = 5 * MINUTE
Step = tuple[Edge, Node]


def neighbours(view: View, node: Node) -> Iterator[Step]:
    """Yield every node that an exact identifier joins to ``node``, with the edge."""
    if isinstance(node, Process):
        yield from _family(view, node)
        yield from _injections(view, node)
        yield from _logon(view, node)
        yield from _client_ports(view, node)
        yield from _services(view, node)
        yield from _files(view, node)
    elif isinstance(node, Session):
        yield from _session(view, node)
    elif isinstance(node, Service):
        yield from _service(view, node)


def _step(rule: str, node: Node, other: Node, why: str) -> Step:
    left, right = sorted((node.id, other.id))
    return Edge(rule, left, right, why), other


# -- U1: child and parent


def is_family(view: View, child: Process, parent: Process) -> bool:
    """Whether a story passes from ``parent`` to ``child`` by parentage."""
    if is_browser(parent.image) or base(child.image) == "conhost.exe" or not parent.image:
        return False
    if not view.is_hub(parent):
        return True
    injected = view.injected(parent)
    return injected is not None and child.start is not None and child.start >= injected - SECOND


def _family(view: View, process: Process) -> Iterator[Step]:
    parent = view.parent(process)
    if parent is not None and parent.id != process.id and is_family(view, process, parent):
        yield _step("U1", process, parent, f"{base(parent.image)} started {base(process.image)} on {process.host}")
    if not view.is_free(process):
        return
    for child in view.children(process):
        if is_family(view, child, process):
            yield _step("U1", process, child, f"{base(process.image)} started {base(child.image)} on {process.host}")


# -- U2: injection


def _injections(view: View, process: Process) -> Iterator[Step]:
    for thread in view.injections_into(process):
        source = view.source_of(thread)
        if source is not None:
            yield _step("U2", process, source, _injection(source, process))
    for deed in view.deeds(process):
        if isinstance(deed, RemoteThread) and view.source_of(deed) is not None:
            target = view.process(deed.host, deed.target, deed.time)
            if target is not None and target.id != process.id:
                yield _step("U2", process, target, _injection(process, target))


def _injection(source: Process, target: Process) -> str:
    return f"{base(source.image)} started a thread in {base(target.image)} on {source.host}"


# -- U3: a network session and what runs in it


def _logon(view: View, process: Process) -> Iterator[Step]:
    if is_local_session(process.session) or not _may_join_session(view, process):
        return
    session = view.session(process.host, process.session)
    if joins_processes(session):
        yield _step("U3", process, session, _runs_in(process, session))


def joins_processes(session: Session) -> bool:
    """Whether what runs in the session came with it: never for interactive ones, where everything of a person lives."""
    return session.is_remote and is_person(session.account)


def _may_join_session(view: View, process: Process) -> bool:
    return view.is_free(process) or base(process.image) in REMOTE_SHELLS


def _runs_in(process: Process, session: Session) -> str:
    return f"{base(process.image)} runs in the network session of {session.account} on {session.host}"


# -- U4: the client port of a session


def _client_ports(view: View, process: Process) -> Iterator[Step]:
    if view.is_hub(process):
        return
    for session in lateral_sessions(view, process):
        yield _step("U4", process, session, _opened(process, session))


def lateral_sessions(view: View, process: Process) -> Iterator[Session]:
    """Yield the sessions on other hosts whose client port ``process`` owns."""
    seen = set()
    for connection in view.connections(process):
        for opened in view.facts(("client", connection.source, connection.source_port)):
            key = (opened.host, opened.session)
            if opened.host != process.host and key not in seen and abs(opened.time - connection.time) <= PORT_LIFE:
                seen.add(key)
                yield view.session(*key)


def _opened(process: Process, session: Session) -> str:
    return (
        f"{base(process.image)} on {process.host} owns the client port of {session.account}'s session on {session.host}"
    )


def client_processes(view: View, session: Session) -> Iterator[Process]:
    """Yield the processes on other hosts that own a client port of ``session``."""
    for opened in view.facts(("session", session.host, session.logon)):
        if isinstance(opened, SessionOpened | ShareOpened) and opened.client and opened.client_port:
            for connection in view.facts(("port", opened.client, opened.client_port)):
                if connection.host != session.host and abs(opened.time - connection.time) <= PORT_LIFE:
                    owner = view.process(connection.host, connection.process, connection.time)
                    if owner is not None and not view.is_hub(owner):
                        yield owner


def _session(view: View, session: Session) -> Iterator[Step]:
    if joins_processes(session):
        for fact in view.facts(("members", session.host, session.logon)):
            member = view.process(fact.host, fact.process, fact.time)
            if member is not None and member.session == session.logon and _may_join_session(view, member):
                yield _step("U3", session, member, _runs_in(member, session))
    if is_person(session.account):
        for owner in client_processes(view, session):
            yield _step("U4", session, owner, _opened(owner, session))
    if joins_processes(session):
        for fact in view.facts(("session", session.host, session.logon)):
            if isinstance(fact, ServiceMade):
                service = view.service(fact.host, f"{fact.form}:{fact.name}")
                yield _step("U5", session, service, _installed(service, session.account))


# -- U5: a service, who installed it, and what it starts


def _installed(service: Service, by: str) -> str:
    return f"{by} made the {service.form} {service.name} on {service.host}"


def _services(view: View, process: Process) -> Iterator[Step]:
    for deed in view.deeds(process):
        if isinstance(deed, ServiceMade) and not view.is_hub(process):
            service = view.service(deed.host, f"{deed.form}:{deed.name}")
            yield _step("U5", process, service, _installed(service, base(process.image)))
    if base(process.parent.image) != "services.exe" or not process.command.tail:
        return
    for fact in view.facts(("tail", process.host, process.command.tail)):
        if isinstance(fact, ServiceMade) and abs(fact.time - process.first) <= SERVICE_START:
            service = view.service(fact.host, f"{fact.form}:{fact.name}")
            yield _step("U5", process, service, _started_as(process, service))


def _started_as(process: Process, service: Service) -> str:
    return f"{base(process.image)} is what the {service.form} {service.name} on {service.host} starts"


def _service(view: View, service: Service) -> Iterator[Step]:
    for fact in view.facts(("service", service.host, f"{service.form}:{service.name}")):
        if not isinstance(fact, ServiceMade):
            continue
        if not is_local_session(fact.session):
            session = view.session(fact.host, fact.session)
            if joins_processes(session):
                yield _step("U5", service, session, _installed(service, session.account))
        client = view.process(fact.host, fact.client, fact.time)
        if client is not None and not view.is_hub(client):
            yield _step("U5", service, client, _installed(service, base(client.image)))
        yield from _runs_of(view, service, fact)


def _runs_of(view: View, service: Service, made: ServiceMade) -> Iterator[Step]:
    if not made.command.tail:
        return
    for fact in view.facts(("tail", service.host, made.command.tail)):
        if isinstance(fact, ProcessStarted):
            run = view.process(fact.host, fact.process, fact.time)
            if run is not None and abs(made.time - run.first) <= SERVICE_START:
                yield _step("U5", service, run, _started_as(run, service))


# -- U6: who wrote the image


def _files(view: View, process: Process) -> Iterator[Step]:
    if process.image and process.start is not None and not view.is_hub(process):
        for fact in view.facts(("written", process.host, process.image)):
            writer = view.process(fact.host, fact.process, fact.time)
            if writer is not None and writer.id != process.id and _is_dropper(view, writer, process, fact):
                yield _step("U6", process, writer, _wrote(writer, process))
    for deed in view.deeds(process):
        if isinstance(deed, FileWritten):
            for fact in view.facts(("image", deed.host, deed.path)):
                run = view.process(fact.host, fact.process, fact.time)
                if run is not None and run.id != process.id and _is_dropper(view, process, run, deed):
                    yield _step("U6", process, run, _wrote(process, run))


def _is_dropper(view: View, writer: Process, run: Process, fact: FileWritten) -> bool:
    if not view.is_free(writer) or is_browser(writer.image):
        return False
    return run.start is not None and fact.time <= run.start + SECOND


def _wrote(writer: Process, run: Process) -> str:
    return f"{base(writer.image)} wrote the image of {base(run.image)} on {run.host}"
