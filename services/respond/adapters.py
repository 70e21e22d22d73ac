"""The hands of respond: does through the connectors what the machine asks for. Every failure is an outcome."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from runtime.failpoints import reach
from runtime.machine import Action, Outcome
from schemas.command import Command
from schemas.control import Control
from schemas.entity import EntityType
from services.respond.ports.aims import Aim
from services.respond.ports.connectors import (
    Absent,
    Accepted,
    Ambiguous,
    CredentialsRefused,
    NotSent,
    Observed,
    Order,
    OutcomeUnknown,
    Refused,
    Resolved,
    Session,
)

Data = Mapping[str, Any]
_NEVER = 1 << 53
_GONE = "the tenant's configuration has no such connector any more"


class Hands:
    """Performs actions.

    ``sessions`` are the connector instances by tenant and name. ``clock`` tells milliseconds when a call is about to be
    made; None where time stands still while an action is performed.
    """

    def __init__(self, sessions: Mapping[tuple[str, str], Session], clock: Callable[[], int] | None) -> None:
        self._sessions = sessions
        self._clock = clock

    async def perform(self, action: Action, now: int) -> Outcome:
        """Do it and return what came of it."""
        session = self._sessions.get((action.data["tenant"], action.data["connector"]))
        match action.kind:
            case "reconcile":
                data = await _reconcile(session, action.data)
            case "poll":
                data = await _poll(session, action.data)
            case "verify":
                data = await _verify(session, action.data)
            case _:
                data = await self._dispatch(session, action, now)
        return Outcome(action.uid, data)

    async def _dispatch(self, session: Session | None, action: Action, now: int) -> dict[str, Any]:
        reach("respond.intent.committed")
        if session is None:
            return {"result": "refused", "kind": "permanent", "why": _GONE}
        if (self._clock() if self._clock else now) > action.data["deadline"]:
            return {"result": "not_sent", "why": "the intent was too old to be sent"}
        return await _answer(session, action.kind, action.data)


async def _answer(session: Session, kind: str, data: Data) -> dict[str, Any]:
    try:
        answer = await _send(session, kind, data)
    except NotSent as error:
        return {"result": "not_sent", "why": str(error)}
    except OutcomeUnknown as error:
        return {"result": "unknown", "why": str(error)}
    except CredentialsRefused as error:
        return {"result": "refused", "kind": "permanent", "why": str(error)}
    if isinstance(answer, Accepted):
        return {"result": "accepted", "handle": answer.handle}
    return {"result": "refused", "kind": answer.kind, "why": answer.why, "retry_after": answer.retry_after}


async def _send(session: Session, kind: str, data: Data) -> Accepted | Refused:
    order = Order(
        command=Command.model_validate(data["command"]),
        control=Control(data["control"]),
        resolved=Resolved(**data["resolved"]),
        since=data["since"],
        until=data["until"],
    )
    return await (session.apply(order) if kind == "apply" else session.release(order, data["pre_image"]))


async def _reconcile(session: Session | None, data: Data) -> dict[str, Any]:
    if data["direction"] == "release":
        reach("respond.release.decided")
    if session is None:
        return {"fate": "unconfigured", "why": _GONE}
    try:
        return await _look(session, data)
    except CredentialsRefused as error:
        return {"fate": "unconfigured", "why": str(error)}
    except (NotSent, OutcomeUnknown) as error:
        return {"fate": "unavailable", "why": str(error)}


async def _look(session: Session, data: Data) -> dict[str, Any]:
    found = Resolved(**data["resolved"]) if data["resolved"] else await session.resolve(_aim(data["aim"]))
    if isinstance(found, Ambiguous):
        return {"fate": "ambiguous", "candidates": list(found.candidates)}
    if isinstance(found, Absent):
        return {"fate": "absent", "why": found.why}
    since = data["since"] if data["since"] is not None else _NEVER
    seen = await session.observe(found, Control(data["control"]), since)
    return {"fate": "observed", "resolved": {"id": found.id, "name": found.name}, **_told(seen)}


async def _poll(session: Session | None, data: Data) -> dict[str, Any]:
    reach("respond.outcome.committed")
    if session is None:
        return {"result": "unavailable", "why": _GONE}
    try:
        progress = await session.poll(Control(data["control"]), data["handle"])
    except (CredentialsRefused, NotSent, OutcomeUnknown) as error:
        return {"result": "unavailable", "why": str(error)}
    return {"result": progress.status, "why": progress.why}


async def _verify(session: Session | None, data: Data) -> dict[str, Any]:
    reach("respond.outcome.committed")
    reach("respond.verify.before")
    if session is None:
        return {"result": "unavailable", "why": _GONE}
    resolved, control = Resolved(**data["resolved"]), Control(data["control"])
    since = data["since"] if data["since"] is not None else _NEVER
    try:
        seen = await session.observe(resolved, control, since)
        gather = data["direction"] == "apply" and seen.applied and data["window"] is not None
        evidence = asdict(await session.verify(resolved, control, data["window"])) if gather else None
    except (CredentialsRefused, NotSent, OutcomeUnknown) as error:
        return {"result": "unavailable", "why": str(error)}
    return {"result": "read", **_told(seen), "evidence": evidence}


def _aim(data: Data) -> Aim:
    return Aim(EntityType(data["type"]), data["id"], tuple(data["aliases"]))


def _told(seen: Observed) -> dict[str, Any]:
    return {
        "applied": seen.applied,
        "owner": seen.owner,
        "until": seen.until,
        "pending": asdict(seen.pending) if seen.pending else None,
        "pre_image": dict(seen.pre_image),
    }
