"""The unions U7 to U10: joined only for the sake of a group that already holds a hard anchor."""

from collections.abc import Callable, Iterator
from typing import Final

from schemas.times import SECOND
from services.detect.correlate.core.edges import Step, client_processes
from services.detect.correlate.core.nodes import Edge, Node, Observation, Process, Session
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import (
    BROKERS,
    DESKTOP_BROKERS,
    EXECUTION_PORTS,
    base,
    in_user_path,
    is_person,
    is_special,
)

JUST_BEFORE: Final = 60 * SECOND
CLOCK_SLACK: Final = 5 * SECOND
AFTERWARDS: Final = 30 * 60 * SECOND
MEDIUM: Final = 8

Observe = Callable[[Node], tuple[Observation, ...]]


def is_strong(observations: tuple[Observation, ...]) -> bool:
    """Whether the node says something of its own: an anchor that is more than weak, or a rule of medium level."""
    return any((seen.anchor and seen.anchor != "weak") or seen.weight >= MEDIUM for seen in observations)


def joins(view: View, observe: Observe, node: Node) -> Iterator[Step]:
    """Yield what belongs to the group of ``node`` by account, address, image or time, with the edge."""
    if isinstance(node, Process) and not view.is_hub(node):
        observations = observe(node)
        if is_strong(observations):
            yield from _same_image(view, observe, node)
            yield from _principals(view, node)
            yield from _sessions_from_here(view, node)
        yield from _remote_logons(view, node)
        if any(seen.is_hard for seen in observations):
            yield from _brokered(view, node)
    elif isinstance(node, Session):
        yield from _callers(view, node)


def _step(rule: str, node: Node, other: Node, why: str) -> Step:
    left, right = sorted((node.id, other.id))
    return Edge(rule, left, right, why), other


def _same_image(view: View, observe: Observe, process: Process) -> Iterator[Step]:
    """U7: one implant, several runs."""
    if not in_user_path(process.image):
        return
    for fact in view.facts(("image", process.host, process.image)):
        run = view.process(fact.host, fact.process, fact.time)
        if run is not None and run.id != process.id and is_strong(observe(run)):
            yield _step("U7", process, run, f"{base(run.image)} ran several times on {run.host}")


def _principals(view: View, process: Process) -> Iterator[Step]:
    """U8: what only a controller or server sees, told by account and address."""
    user = view.user(process)
    for source in (process.host, *sorted(view.read(("addresses", process.host)))):
        for account, place in sorted(view.read(("principals", source))):
            if account in {"", user}:
                principal = view.principal(account, place)
                yield _step(
                    "U8", process, principal, f"{account or 'somebody'} from {place}, where {base(process.image)} runs"
                )


def _sessions_from_here(view: View, process: Process) -> Iterator[Step]:
    """U9 by address: its account came from its host, by a client port that no other program is known to own."""
    user = view.user(process)
    if not is_person(user):
        return
    for address in sorted(view.read(("addresses", process.host))):
        for opened in view.facts(("from", address)):
            if (
                opened.account != user
                or opened.host == process.host
                or not 0 <= opened.time - process.first <= AFTERWARDS
            ):
                continue
            session = view.session(opened.host, opened.session)
            if session.is_remote and not any(True for _ in client_processes(view, session)):
                why = f"{user} came to {session.host} from {process.host}, where {base(process.image)} ran with this token"
                yield _step("U9", process, session, why)


def _remote_logons(view: View, process: Process) -> Iterator[Step]:
    """U9 from the process: it spoke to an administration port of another host, where its account then logged on."""
    user = view.user(process)
    if not is_person(user):
        return
    for address, port, span in view.peers(process):
        if port not in EXECUTION_PORTS:
            continue
        for host in view.owners(address):
            if host == process.host:
                continue
            for opened in view.facts(("remote", host, user)):
                if -CLOCK_SLACK <= opened.time - span.first <= JUST_BEFORE:
                    session = view.session(host, opened.session)
                    yield _step("U9", process, session, _spoke(process, session, port))


def _callers(view: View, session: Session) -> Iterator[Step]:
    """U9 from the session: a process of the same account on another host spoke to this one just before."""
    if not session.is_remote or not is_person(session.account):
        return
    for address in sorted(view.read(("addresses", session.host))):
        for call in view.facts(("callers", address)):
            caller = view.process(call.host, call.process, call.time)
            if caller is None or call.host == session.host or view.is_hub(caller):
                continue
            first = next(
                span.first
                for peer, port, span in view.peers(caller)
                if (peer, port) == (address, call.destination_port)
            )
            if view.user(caller) == session.account and -CLOCK_SLACK <= session.opened - first <= JUST_BEFORE:
                yield _step("U9", session, caller, _spoke(caller, session, call.destination_port))


def _spoke(process: Process, session: Session, port: int) -> str:
    return f"{base(process.image)} on {process.host} spoke to {session.host}:{port} just before {session.account} logged on there"


def _brokered(view: View, process: Process) -> Iterator[Step]:
    """U10: a broker started it just after another host's process had opened a session here."""
    if process.start is None or base(process.parent.image) not in BROKERS:
        return
    for opened in view.facts(("arrivals", process.host)):
        if not -CLOCK_SLACK <= process.start - opened.time <= JUST_BEFORE or is_special(opened.client):
            continue
        session = view.session(process.host, opened.session)
        if not _may_steer(process, view.user(process), session):
            continue
        if any(True for _ in client_processes(view, session)):
            yield _step(
                "U10",
                process,
                session,
                f"{base(process.parent.image)} started {base(process.image)} just after {session.account} came from another host",
            )


def _may_steer(process: Process, user: str, session: Session) -> bool:
    if not session.is_remote or not is_person(session.account):
        return False
    return user == session.account or process.integrity == "system" or base(process.parent.image) in DESKTOP_BROKERS
