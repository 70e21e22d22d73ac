"""The ports for real: hands messages to channels, looks up host names. Every failure is an outcome."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

from runtime.errors import Rejected, Unavailable
from runtime.failpoints import reach
from runtime.machine import Action, Outcome
from schemas.tenant import Contact
from services.notify.ports import Body, Envelope, RetryLater, Sender

GONE = "the tenant's configuration has no such contact any more"

LOOKUP_SECONDS = 5.0


class Postman:
    """Performs the actions of notify.

    ``contacts`` are known by tenant and id; ``senders`` by the name of their channel.
    """

    def __init__(self, contacts: Mapping[tuple[str, str], Contact], senders: Mapping[str, Sender]) -> None:
        self._contacts = contacts
        self._senders = senders

    async def perform(self, action: Action, now: int) -> Outcome:
        """Send one delivery once, and return what the provider said."""
        reach("notify.send.before")
        data = await self._send(action, now)
        reach("notify.send.after")
        return Outcome(action.uid, data)

    async def _send(self, action: Action, now: int) -> dict[str, Any]:
        data = action.data
        contact, sender = self._contacts.get((data["tenant"], data["contact"])), self._senders.get(data["channel"])
        if contact is None or sender is None:
            return {"result": "refused", "reason": GONE}
        body = Body(data["title"], data["content"], data["content_type"])
        envelope = Envelope(action.uid, data["tenant"], data["incident"], data["sequence"], data["cause"], now)
        try:
            return {"result": "accepted", "reason": await sender.send(body, envelope, contact)}
        except RetryLater as error:
            return {"result": "unavailable", "reason": str(error), "retry_after": error.wait}
        except Unavailable as error:
            return {"result": "unavailable", "reason": str(error)}
        except Rejected as error:
            return {"result": "refused", "reason": str(error)}


class Rehearsal:
    """A sender that tells nobody: a replay shows what would have been sent."""

    async def send(self, body: Body, envelope: Envelope, contact: Contact) -> str:  # noqa: ARG002 # the port's signature
        """Accept the message and do nothing."""
        return "a replay: shown in its report, sent to nobody"


async def look_up(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of ``host`` as the operating system resolves it.

    Raises:
        Unavailable: no answer.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Unavailable(f"the host name cannot be looked up: {type(error).__name__}") from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
