"""`stanch release`: undo one hold now."""

from typing import Annotated

import typer
from rich.console import Console

from runtime.clock import WallClock
from runtime.errors import StartError
from runtime.log import Log, Message
from schemas.decision import Decision, Verb
from schemas.hold import Hold
from schemas.identity import compose, derived_uid
from schemas.topics import DECISIONS, HOLDS
from stanch.cli.session import LogOption, operator, with_log
from stanch.projection import newest

EXAMPLE = 'Example: [bold]stanch release 5f0c9d0e-... --reason "false positive, ticket 4711"[/bold]'


def command(
    uid: Annotated[str, typer.Argument(help="uid of the hold, as `stanch holds` shows it")],
    reason: Annotated[str, typer.Option(help="why; stands in the ledger for ever")] = "",
    log: LogOption = None,
) -> None:
    """Release one hold now, whatever its expiry; the responder undoes it and verifies that."""
    with_log(lambda opened: _release(opened, uid, reason), log)
    Console().print(f"release of {uid} is on its way; `stanch holds` shows when it has taken effect")


async def _release(log: Log, uid: str, reason: str) -> None:
    hold = next((one for one in await newest(log, HOLDS, Hold) if one.uid == uid), None)
    if hold is None:
        raise StartError(f"there is no hold {uid}: `stanch holds` lists them")
    now = WallClock().now()
    said = Decision(
        uid=derived_uid("decision", hold.tenant, uid, operator(), str(now)),
        tenant=hold.tenant,
        verb=Verb.RELEASE,
        subject=uid,
        by=operator(),
        reason=reason,
        at=now,
    )
    key = compose(hold.tenant, uid)
    await log.append([Message(DECISIONS.name, hold.tenant, key, said.model_dump_json().encode())])
