"""The message in plain words, for people: what happened, who is what, what was done, how to undo it, what they must decide."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from schemas.control import Control
from schemas.entity import EntityType, Role
from schemas.hold import HoldState
from schemas.times import SECOND, to_text
from services.notify.plain import LINE, plain
from services.notify.ports import Measure, Party, View

LIMIT = 6_000
SHOWN = 8
MOMENTS = 5
WHY = 160
CLAUSE = 240

DECIDE = "For you to decide"
UNDO = "  undo: "

SEVERITY = ("Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal")

ROLE_WORDS = {
    Role.ATTACKER_CONTROLLED: "under the attacker's control",
    Role.VICTIM: "victim",
    Role.TARGET: "target",
    Role.INFRASTRUCTURE: "infrastructure",
    Role.UNKNOWN: "role unknown",
}
DONE = {
    Control.NETWORK_ISOLATION: "isolated from the network",
    Control.ACCOUNT_DISABLED: "disabled",
    Control.SESSIONS_REVOKED: "signed out of all sessions",
    Control.IP_BLOCK: "blocked",
    Control.KEY_DEACTIVATED: "deactivated",
    Control.PROCESS_TERMINATE: "terminated",
    Control.FILE_QUARANTINE: "quarantined",
}
STATE_WORDS = {
    HoldState.PENDING: "being {done} now",
    HoldState.ACTIVE: "{done}; not yet proven by independent evidence",
    HoldState.VERIFIED: "{done}; proven by independent evidence",
    HoldState.INEFFECTIVE: "NOT {done}: the order was given, but evidence contradicts it",
    HoldState.MANUAL: "left to a human: we do not know whether it is {done}",
    HoldState.RELEASED: "no longer {done}: released",
    HoldState.AWAITING_APPROVAL: "waits for your approval to be {done}",
    HoldState.OBSERVED: "would have been {done}; the mode is OBSERVE, so nothing was done",
    HoldState.DENIED: "not {done}",
}
IN_FORCE = frozenset({HoldState.PENDING, HoldState.ACTIVE, HoldState.VERIFIED})
FOR_A_HUMAN = frozenset({HoldState.AWAITING_APPROVAL, HoldState.INEFFECTIVE, HoldState.MANUAL})


def severity_word(severity: int) -> str:
    """Return OCSF's word for a ``severity_id``."""
    return SEVERITY[severity] if 0 <= severity < len(SEVERITY) else SEVERITY[0]


def headline(view: View) -> str:
    """Return the message's one-line summary."""
    if view.merged_into:
        return plain(f"[{view.tenant}] Incident {view.incident} goes on in {view.merged_into}", LINE)
    word = "Closed" if view.closed else severity_word(view.severity)
    taken = [party for party in view.parties if party.role is Role.ATTACKER_CONTROLLED]
    hosts = [plain(party.id) for party in taken if party.type is EntityType.HOST] or [plain(p.id) for p in taken]
    where = f" on {_enumerate(hosts, 3)}" if hosts else ""
    return f"[{plain(view.tenant)}] {word}: intrusion{where}"


class Part(NamedTuple):
    """One part of the message; ``lines`` that begin with two blanks say more about the line before them."""

    title: str
    text: str
    lines: tuple[str, ...] = ()


def tell(view: View) -> str:
    """Return the whole message: at most ``LIMIT`` characters, values neutralised."""
    text = "\n".join([headline(view), *(line for part in parts(view) for line in _written(part))])
    return text if len(text) <= LIMIT else text[: LIMIT - 2].rpartition("\n")[0] + "\n…"


def parts(view: View) -> Iterator[Part]:
    """Yield what the message says below its headline, values neutralised."""
    if view.sequence:
        yield Part(f"Update {view.sequence}", plain(view.change, LINE))
    if view.merged_into:
        same = f"The same story: look at incident {plain(view.merged_into)}. This message gets no more updates."
        yield Part("", same)
        return
    yield _happened(view)
    yield _done(view)
    yield from _section(DECIDE, [*_decisions(view), *(plain(item, LINE) for item in view.advice)])
    yield from _section("Who is what", [_party_line(party) for party in view.parties])
    yield from _section("Left alone", [_party_line(party) for party in view.spared])
    if view.acknowledged_by:
        yield Part("", f"Acknowledged by {plain(view.acknowledged_by)}.")
    yield Part("", f"Incident {plain(view.incident)}; all details: stanch incidents")


def measure_line(measure: Measure) -> str:
    """Return one hold as a sentence."""
    words = STATE_WORDS[measure.state].format(done=DONE[measure.control])
    until = f", until {_second(measure.until)}" if measure.until and measure.state in IN_FORCE else ""
    return f"{_named(measure.type, measure.id)}: {words}{until}"


def undo(measure: Measure) -> str:
    """Return the command that undoes a hold."""
    return f"stanch release {plain(measure.uid)}"


def _written(part: Part) -> Iterator[str]:
    yield f"{part.title}: {part.text}".strip() if part.title else part.text
    yield from (f"  {line}" for line in part.lines)


def _happened(view: View) -> Part:
    since = f" (since {_second(view.started)})" if view.started else ""
    moments = (
        f"{_second(moment.time)}  {plain(moment.title)} [{plain(moment.entity, 60)}]"
        for moment in view.moments[:MOMENTS]
    )
    return Part(f"What happened{since}", plain(view.story, LINE), tuple(moments))


def _done(view: View) -> Part:
    lines: list[str] = []
    for measure in _first(view.measures):
        lines.append(measure_line(measure))
        lines.append(f"  why: {plain(measure.reason, CLAUSE)}")
        if measure.state in IN_FORCE:
            lines.append(f"{UNDO}{undo(measure)}")
    return Part("What was done", "", (*lines, *_rest(view.measures)) or ("nothing has been contained",))


def _decisions(view: View) -> Iterator[str]:
    for measure in view.measures:
        if measure.state in FOR_A_HUMAN:
            yield f"{measure_line(measure)} ({plain(measure.reason, WHY)})"


def _section(title: str, lines: Sequence[str]) -> Iterator[Part]:
    if lines:
        yield Part(title, "", (*lines[:SHOWN], *_rest(lines)))


def _party_line(party: Party) -> str:
    return f"{_named(party.type, party.id)}: {ROLE_WORDS[party.role]} ({plain(party.why, WHY)})"


def _named(kind: EntityType, uid: str) -> str:
    return f"{kind.value} {plain(uid)}"


def _first(measures: Iterable[Measure]) -> list[Measure]:
    return list(measures)[:SHOWN]


def _rest(lines: Sequence[object], limit: int = SHOWN) -> Iterator[str]:
    if len(lines) > limit:
        yield f"and {len(lines) - limit} more"


def _enumerate(names: Sequence[str], limit: int) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def _second(instant: int) -> str:
    return to_text(instant - instant % SECOND).replace(".000Z", "Z").replace("T", " ")
