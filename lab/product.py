"""What the products' doors share: error bodies, tokens, limits, seeded refusals, and answers that get lost."""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs

import httpx
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from lab.faults import FaultKind, Misfortune
from lab.world import World

_ANSWER = "lab.answer"


class Refusal(Exception):
    """An error that the product answers with."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})


class _Answer:
    def __init__(self, send: Send) -> None:
        self._send = send
        self.lost = False

    async def send(self, message: Message) -> None:
        if not self.lost:
            await self._send(message)


class Product(FastAPI):
    """One product's door. An answer marked lost never leaves: the connection ends instead."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(title=name, openapi_url=None)
        self.world = world
        self.name = name
        self.add_exception_handler(Refusal, _refused)
        self.add_exception_handler(RequestValidationError, _malformed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        answer = _Answer(send)
        scope[_ANSWER] = answer
        await super().__call__(scope, receive, answer.send)
        if answer.lost:
            await _vanish(receive, send)

    def demand_token(self, request: Request, code: str = "Unauthorized") -> None:
        """Refuse a call without a token of this product that is still good."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.world.tokens.accepts(token, self.name, self.world.clock()):
            raise Refusal(401, code, "Access token is missing, invalid or expired.", {"WWW-Authenticate": "Bearer"})

    def demand_right(self, right: str, code: str = "Forbidden") -> None:
        """Refuse a call for which the application was not given ``right``."""
        if right not in self.world.rights:
            raise Refusal(403, code, f"The application does not have the required permission {right}.")

    def demand_quota(self, key: str, limits: tuple[tuple[int, int], ...]) -> None:
        """Refuse a call above the published limits."""
        wait = self.world.limits.admit(f"{self.name}/{key}", limits, self.world.clock())
        if wait:
            raise Refusal(429, "TooManyRequests", "API calls quota exceeded.", {"Retry-After": str(wait)})

    def meet(self, operation: str, names: Iterable[str]) -> None:
        """Meet the refusal that was seeded for this call, if any. Nothing was accepted."""
        fault = self.world.faults.obstacle(self.name, operation, names)
        if fault is None:
            return
        if fault.kind is FaultKind.THROTTLED:
            headers = {"Retry-After": str(fault.seconds)} if fault.seconds else {}
            raise Refusal(429, "TooManyRequests", "Too many requests.", headers)
        raise Refusal(503, "ServiceUnavailable", "The service is temporarily unavailable.")

    def strike(self, request: Request, operation: str, names: Iterable[str]) -> Misfortune:
        """Return what strikes the call that is being accepted; its answer may get lost here."""
        misfortune = self.world.faults.strike(self.name, operation, names)
        request.scope[_ANSWER].lost = misfortune.lost
        return misfortune


async def issue_token(product: Product, request: Request) -> JSONResponse:
    """Answer the client-credentials grant of the Microsoft identity platform for ``product``."""
    form = {key: values[0] for key, values in parse_qs((await request.body()).decode(errors="replace")).items()}
    if form.get("grant_type") != "client_credentials":
        return _oauth_error(400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
    if not form.get("client_id") or form.get("client_secret") != product.world.secret:
        return _oauth_error(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
    token = product.world.tokens.issue(product.name, product.world.clock())
    seconds = product.world.tokens.lifetime // 1000
    return JSONResponse(
        {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
    )


def _oauth_error(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Refusal):
        raise error
    return JSONResponse({"error": {"code": error.code, "message": error.message}}, error.status, error.headers)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": {"code": "InvalidRequestBody", "message": str(error)[:500]}}, 400)


async def _vanish(receive: Receive, send: Send) -> None:
    # A server's connection is cut; without a server the caller meets the error that a cut connection gives.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
