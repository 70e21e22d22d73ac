"""A receiver of webhooks on a real socket, for tests."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from pydantic import SecretStr

from schemas.tenant import Contact

SECRET = "whsec_" + "c2lnbmluZyBrZXkgb2YgdGhlIHRlc3Rz"


@dataclass
class Provider:
    """A receiver of webhooks that keeps what it accepted by its id, as a good one does."""

    status: int = 204
    port: int = 0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: dict[str, bytes] = field(default_factory=dict)

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - ASGI
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.requests.append((headers, body))
        if self.status < 300:
            self.taken[headers["webhook-id"]] = body
        extra = [(b"retry-after", b"7")] if self.status == 503 else [(b"location", b"http://127.0.0.1:1/")]
        await send({"type": "http.response.start", "status": self.status, "headers": extra})
        await send({"type": "http.response.body", "body": b""})

    @property
    def contact(self) -> Contact:
        address = f"http://127.0.0.1:{self.port}/hook?team=blue"
        return Contact(channel="webhook", address=address, secrets={"signing": SecretStr(SECRET)})


@asynccontextmanager
async def serving() -> AsyncIterator[Provider]:
    """A provider at work on a free port."""
    provider = Provider()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    provider.port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(provider, log_level="error", lifespan="off"))
    at_work = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield provider
    finally:
        server.should_exit = True
        await at_work
        listener.close()
