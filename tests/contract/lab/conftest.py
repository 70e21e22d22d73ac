"""One simulated company per test, its clock in the test's hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from lab.defender import defender
from lab.entra import entra
from lab.firewall import firewall
from lab.product import Product
from lab.world import CLIENT_ID, DIRECTORY, SECRET, World

START = 1_700_000_000_000


@dataclass
class Hand:
    """The clock's hand."""

    now: int = START

    def __call__(self) -> int:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * 1000)


@dataclass
class Company:
    """A world with its clock and a client per product that has already signed in."""

    clock: Hand = field(default_factory=Hand)
    rate_limits: bool = True

    def __post_init__(self) -> None:
        self.world = World(self.clock, rate_limits=self.rate_limits)
        self.defender = anonymous(defender(self.world))
        self.entra = anonymous(entra(self.world))
        self.firewall = anonymous(firewall(self.world))

    async def sign_in(self) -> None:
        for client in (self.defender, self.entra):
            answer = await grant(client)
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self.firewall.headers["Authorization"] = f"Bearer {SECRET}"


def anonymous(product: Product) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(product), base_url="http://lab")


async def grant(client: httpx.AsyncClient, secret: str = SECRET) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": secret, "scope": ".default"}
    return await client.post(f"/{DIRECTORY}/oauth2/v2.0/token", data=form)


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    company = Company()
    await company.sign_in()
    yield company
    for client in (company.defender, company.entra, company.firewall):
        await client.aclose()
