"""Filing findings: each under its actor, and what it mentions where the spared are looked for."""

from typing import Final

from schemas.times import MINUTE
from services.detect.correlate.core.finding import Filed
from services.detect.correlate.core.seeds import Seed, process_id, sight
from services.detect.correlate.core.store import Store
from services.detect.correlate.core.vocabulary import is_local_session, is_machine

MENTION: Final = 10 * MINUTE


def file_finding(store: Store, filed: Filed) -> Seed | None:
    """File ``filed``; return the node that it speaks of, None where nobody can tell."""
    if filed.actor.host:
        store.add(("host", filed.actor.host), filed.actor.host, filed.actor.host)
    _mention(store, filed)
    return _under_actor(store, filed)


def _mention(store: Store, filed: Filed) -> None:
    """File when hosts are named, and whom else beside them: a story asks for controllers and for its own hosts alone."""
    named = {kind: {mention.name for mention in filed.mentions if mention.kind == kind} for kind in ("host", "account")}
    window = filed.time // MENTION
    for host in named["host"]:
        store.add(("mentioned", host, window), host, filed.time)
    for host in named["host"] | {filed.actor.host} - {""}:
        for account in filter(is_machine, named["account"]):
            store.add(("beside", host, window), account, filed.time)


def _name(filed: Filed) -> tuple[str, str, int]:
    """Return under which name the finding stands: of a rule that says the same all the time, a few a minute are kept."""
    return filed.rule, filed.uid[-1:], filed.time // MINUTE


def _under_actor(store: Store, filed: Filed) -> Seed | None:
    actor = filed.actor
    if actor.service:
        store.add(("service", actor.host, actor.service), _name(filed), filed)
        return Seed("service", actor.host, name=actor.service)
    if actor.process.guid or actor.process.pid > 4:
        sight(store, actor.host, actor.process, filed.time, filed.event)
        store.add(("deed", actor.host, process_id(actor.process)), _name(filed), filed)
        return Seed("process", actor.host, ref=actor.process, time=filed.time)
    if not is_local_session(actor.session):
        store.add(("session", actor.host, actor.session), _name(filed), filed)
        return Seed("session", actor.host, name=actor.session)
    if not actor.source and not actor.account:
        return None
    if actor.source_port:
        store.add(("caught", actor.source, actor.source_port), _name(filed), filed)
        return Seed("principal", "", address=actor.source, port=actor.source_port)
    store.add(("said", actor.account, actor.source), _name(filed), filed)
    store.add(("principals", actor.source), (actor.account, actor.source), (actor.account, actor.source))
    return Seed("principal", "", name=actor.account, address=actor.source)
