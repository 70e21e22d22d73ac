"""Filing findings: each under its actor, and what it mentions where the spared are looked for."""

from typing import Final

from schemas.times import MINUTE
from services.detect.correlate.core.filing import Seed, process_id
from services.detect.correlate.core.finding import Filed
from services.detect.correlate.core.store import Store
from services.detect.correlate.core.vocabulary import is_local_session

MENTION: Final = 10 * MINUTE


def file_finding(store: Store, filed: Filed) -> Seed | None:
    """File ``filed``; return the node that it speaks of, None where nobody can tell."""
    if filed.actor.host:
        store.add(("host", filed.actor.host), filed.actor.host, filed.actor.host)
    for mention in filed.mentions:
        store.add(("mentions", mention.kind), (mention.name, filed.time // MENTION), mention.name)
    return _under_actor(store, filed)


def _under_actor(store: Store, filed: Filed) -> Seed | None:
    actor = filed.actor
    if actor.service:
        store.add(("service", actor.host, actor.service), filed.uid, filed)
        return Seed("service", actor.host, name=actor.service)
    if actor.process.guid or actor.process.pid > 4:
        store.add(("deed", actor.host, process_id(actor.process)), filed.uid, filed)
        return Seed("process", actor.host, ref=actor.process, time=filed.time)
    if not is_local_session(actor.session):
        store.add(("session", actor.host, actor.session), filed.uid, filed)
        return Seed("session", actor.host, name=actor.session)
    if not actor.source and not actor.account:
        return None
    if actor.source_port:
        store.add(("caught", actor.source, actor.source_port), filed.uid, filed)
        return Seed("principal", "", address=actor.source, port=actor.source_port)
    store.add(("said", actor.account, actor.source), filed.uid, filed)
    store.add(("principals", actor.source), (actor.account, actor.source), (actor.account, actor.source))
    return Seed("principal", "", name=actor.account, address=actor.source)
