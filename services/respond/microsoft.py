"""The Microsoft identity platform: tokens by the client-credentials grant, and values in OData filters."""

from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from schemas.tenant import ConnectorConfig
from services.respond.gateway import Gateway, json_object, send, told
from services.respond.ports.connectors import CredentialsRefused, NotSent

SECRETS = ("directory", "client_id", "client_secret")
_LOGIN = "https://login.microsoftonline.com"
_EARLY = 60_000


class ClientCredentials:
    """A cached token, fetched anew a minute before it expires.

    The identity platform has a host of its own; a product that is not Microsoft's cloud (a simulation) serves its own.
    """

    def __init__(self, config: ConnectorConfig, client: httpx.AsyncClient, clock: Callable[[], int]) -> None:
        self._config = config
        self._client = client
        self._clock = clock
        self._token = ""
        self._until = 0

    async def header(self) -> str:
        """Return the value of ``Authorization``.

        Raises:
            NotSent: no token could be had; the product was not called.
            CredentialsRefused: the identity platform does not know us.
        """
        if not self._token or self._clock() >= self._until:
            await self._fetch()
        return f"Bearer {self._token}"

    def forget(self) -> bool:
        """Drop the token, so that the next call fetches one."""
        self._token = ""
        return True

    async def _fetch(self) -> None:
        answer = await self._ask()
        if answer.status_code in (400, 401, 403):
            raise CredentialsRefused(told(answer))
        if answer.status_code != 200:
            raise NotSent(told(answer))
        body = json_object(answer)
        self._token = str(body.get("access_token", ""))
        self._until = self._clock() + int(body.get("expires_in", 0)) * 1000 - _EARLY

    async def _ask(self) -> httpx.Response:
        base = self._config.base_url.rstrip("/")
        host = urlsplit(base).hostname or ""
        login = _LOGIN if host.endswith(".microsoft.com") else base
        url = f"{login}/{self._secret('directory')}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": self._secret("client_id"),
            "client_secret": self._secret("client_secret"),
            "scope": f"https://{host}/.default",
        }
        try:
            return await send(self._client, self._client.build_request("POST", url, data=form))
        except httpx.HTTPError as error:
            raise NotSent(str(error)) from error

    def _secret(self, name: str) -> str:
        return self._config.secrets[name].get_secret_value()


def gateway(config: ConnectorConfig, client: httpx.AsyncClient, clock: Callable[[], int]) -> Gateway:
    """Return the way to a Microsoft product."""
    return Gateway(client, config.base_url, ClientCredentials(config, client, clock))


def quoted(text: str) -> str:
    """Return ``text`` as an OData string, so that a name cannot end it."""
    return "'" + text.replace("'", "''") + "'"
