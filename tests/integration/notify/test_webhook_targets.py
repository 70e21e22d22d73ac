"""Whoever may write a tenant's contacts shall not reach into our own network through the webhook channel."""

import httpx
import pytest
from pydantic import SecretStr

from runtime.errors import Rejected, Unavailable
from schemas.tenant import Contact
from services.notify.adapters import look_up
from services.notify.channels.webhook import CHANNEL, WebhookOptions
from services.notify.examples import CONTAINED
from services.notify.ports import Envelope, Outside
from tests.integration.notify.provider import SECRET

NAME = "hooks.example"
CONTACT = Contact(channel="webhook", address=f"https://{NAME}:8443/stanch?x=1", secrets={"signing": SecretStr(SECRET)})
ENVELOPE = Envelope("uid-1", "acme", "incident-1", 0, "first", CONTAINED.at)


class Wire(httpx.AsyncBaseTransport):
    """Keeps what is sent, and answers 204."""

    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return httpx.Response(204)


async def send(*addresses: str, allow: bool = False) -> Wire:
    """Send once, the name standing for ``addresses``."""
    wire = Wire()

    async def resolve(host: str, port: int) -> tuple[str, ...]:
        assert (host, port) == (NAME, 8443)
        return addresses

    async with httpx.AsyncClient(transport=wire) as client:
        sender = CHANNEL.open(WebhookOptions(allow_private=allow), Outside(client, {}, resolve))
        await sender.send(CHANNEL.render(CONTAINED), ENVELOPE, CONTACT)
    return wire


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "::",
        "fe80::1", "fe80::1%2", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "2002:a00:1::", "64:ff9b::a00:1",
    ],
)  # fmt: skip
async def test_an_own_address_is_refused_however_it_is_written(address: str) -> None:
    with pytest.raises(Rejected, match="not a public address"):
        await send(address)
    with pytest.raises(Rejected):
        await send("8.8.8.8", address)
    assert (await send(address, allow=True)).sent


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
async def test_a_public_address_is_connected_to_under_its_own_name(address: str) -> None:
    (request,) = (await send(address)).sent
    assert request.url.host == address
    assert request.url.port == 8443
    assert request.headers["host"] == f"{NAME}:8443"
    assert request.extensions["sni_hostname"] == NAME
    assert request.url.raw_path == b"/stanch?x=1"


async def test_a_name_without_an_address_is_tried_again() -> None:
    with pytest.raises(Unavailable):
        await send()


async def test_the_real_lookup_knows_this_machine_and_says_when_it_knows_nothing() -> None:
    assert {"127.0.0.1", "::1"} & set(await look_up("localhost", 80))
    with pytest.raises(Unavailable):
        await look_up("x" * 70 + ".invalid", 80)


@pytest.mark.parametrize(
    "address",
    ["", "hooks.example", "ftp://hooks.example", "https://", "https://user:pass@hooks.example/", "https://h:99999/"],
)
def test_an_address_that_is_no_plain_url_is_refused_at_the_start(address: str) -> None:
    assert CHANNEL.refuses(CONTACT.model_copy(update={"address": address}))


@pytest.mark.parametrize(
    "secrets", [{}, {"signing": ""}, {"signing": "whsec_"}, {"signing": "whsec_ö"}, {"signing": SECRET, "key": SECRET}]
)
def test_a_secret_that_cannot_sign_is_refused_at_the_start(secrets: dict[str, str]) -> None:
    held = {name: SecretStr(value) for name, value in secrets.items()}
    assert CHANNEL.refuses(CONTACT.model_copy(update={"secrets": held}))
