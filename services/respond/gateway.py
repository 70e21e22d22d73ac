"""HTTP to one product: what an answer, or the lack of one, says about what happened there.

* the connection could not be made             -> NotSent: nothing happened
* the answer did not come, or says 500/502/504 -> OutcomeUnknown: only the product's state can tell
* 429, 503                                     -> the product is busy and did nothing
* 401 with a token that was just fetched, 403  -> CredentialsRefused
"""

from collections.abc import Mapping
from typing import Any, Protocol

import httpx

from runtime.failpoints import reach
from services.respond.ports.connectors import CredentialsRefused, NotSent, OutcomeUnknown, Refused

JsonObject = dict[str, Any]
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_UNCLEAR = frozenset({500, 502, 504})
_BUSY = frozenset({429, 503})
_LONGEST_RETRY_AFTER = 600


class Authorization(Protocol):
    """Gives the header that proves who we are."""

    async def header(self) -> str:
        """Return the value of ``Authorization``, fetched if need be."""
        ...

    def forget(self) -> bool:
        """Drop what was given last; return whether a fresh one can be had."""
        ...


class StaticToken:
    """A bearer token that the configuration gives."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def header(self) -> str:
        """Return the value of ``Authorization``."""
        return f"Bearer {self._token}"

    def forget(self) -> bool:
        """There is no other one."""
        return False


class Gateway:
    """The way to one product. It never repeats a call, except once with a fresh token after a 401."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, authorization: Authorization) -> None:
        self._client = client
        self._base = base_url.rstrip("/")
        self._authorization = authorization

    async def read(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: JsonObject | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the answer to a call that changes nothing; 404 is an answer.

        Raises:
            NotSent, OutcomeUnknown: there is none.
            CredentialsRefused: the product does not let us.
        """
        request = self._client.build_request(method, self._base + path, params=params, json=body, headers=headers)
        answer = await self._authorized(request)
        if answer.status_code in (401, 403):
            raise CredentialsRefused(told(answer))
        if answer.status_code in _BUSY:
            raise NotSent(told(answer))
        if answer.status_code >= 400 and answer.status_code != 404:
            raise OutcomeUnknown(told(answer))
        return answer

    async def order(
        self, method: str, path: str, *, body: JsonObject | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response | Refused:
        """Return the answer to a call that changes something, or how it was refused.

        Raises:
            NotSent: it did not reach the product.
            OutcomeUnknown: it may have.
        """
        request = self._client.build_request(method, self._base + path, json=body, headers=headers)
        request.extensions["trace"] = _trace
        reach("respond.request.before")
        answer = await self._authorized(request)
        reach("respond.response.received")
        if answer.status_code in _UNCLEAR:
            raise OutcomeUnknown(told(answer))
        if answer.status_code in _BUSY:
            return Refused("later", told(answer), _retry_after(answer))
        if answer.status_code >= 400:
            return Refused("conflict" if answer.status_code == 409 else "permanent", told(answer))
        return answer

    async def _authorized(self, request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = await self._authorization.header()
        answer = await send(self._client, request)
        if answer.status_code == 401 and self._authorization.forget():
            request.headers["Authorization"] = await self._authorization.header()
            answer = await send(self._client, request)
        return answer


async def send(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send once.

    Raises:
        NotSent: the connection could not be made.
        OutcomeUnknown: no whole answer came.
    """
    try:
        return await client.send(request)
    except _NEVER_LEFT as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error
    except httpx.TransportError as error:
        raise OutcomeUnknown(f"{type(error).__name__}: {error}") from error


def json_object(answer: httpx.Response) -> JsonObject:
    """Return the object that the answer carries.

    Raises:
        OutcomeUnknown: it carries none.
    """
    try:
        value = answer.json()
    except ValueError as error:
        raise OutcomeUnknown(f"{answer.request.method} {answer.request.url.path}: the answer is no JSON") from error
    if not isinstance(value, dict):
        raise OutcomeUnknown(f"{answer.request.method} {answer.request.url.path}: the answer is no object")
    return value


def rows(answer: httpx.Response, name: str = "value") -> list[JsonObject]:
    """Return the objects of a list that the answer carries under ``name``.

    Raises:
        OutcomeUnknown: it carries none.
    """
    found = json_object(answer).get(name)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise OutcomeUnknown(f"{answer.request.method} {answer.request.url.path}: no list {name!r} in the answer")
    return found


def told(answer: httpx.Response) -> str:
    """Return status, code and message of a refusal, short enough for a reason."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    said = f"{error.get('code')}: {error.get('message')}" if isinstance(error, dict) else answer.text
    return f"HTTP {answer.status_code} {said[:300]}".strip()


def address_problems(base_url: str) -> tuple[str, ...]:
    """Return what is wrong with the address of a product that speaks HTTP."""
    url = httpx.URL(base_url)
    return () if url.scheme in ("http", "https") and url.host else (f"base_url {base_url!r} is no http address",)


def code(answer: Refused) -> str:
    """Return the product's own code of a refusal: ``HTTP 400 InvalidInput: ...`` -> ``InvalidInput``."""
    return answer.why.partition(":")[0].rpartition(" ")[2]


def _retry_after(answer: httpx.Response) -> int:
    text = answer.headers.get("Retry-After", "")
    return min(int(text), _LONGEST_RETRY_AFTER) * 1000 if text.isdecimal() else 0


async def _trace(event: str, _: Mapping[str, Any]) -> None:
    if event.endswith("send_request_body.complete"):
        reach("respond.request.sent")
