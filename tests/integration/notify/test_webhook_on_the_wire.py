"""notify as it runs: on a log, with a real HTTP server on the other side that fails, forgets and checks signatures."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from runtime.clock import VirtualClock, WallClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.errors import ConfigError
from runtime.log import Log, Message
from schemas.hold import HoldState
from schemas.tenant import Contact, Tenant
from services.notify.__main__ import compose
from services.notify.settings import Settings
from tests.integration.notify.office import Office, World, new_world
from tests.integration.notify.office import office as at_office
from tests.integration.notify.provider import SECRET, Provider, serving
from tests.unit.notify.stage import hold, incident, received

PRIVATE = Settings(channels={"webhook": {"allow_private": True, "timeout_seconds": 2}})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with serving() as provider:
        yield provider


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with new_world() as world:
        yield world


def office(
    contact: Contact, log: Log, clock: VirtualClock, settings: Settings = PRIVATE
) -> AbstractAsyncContextManager[Office]:
    return at_office(contact, log, clock, settings)


async def test_the_signature_covers_id_time_and_body(provider: Provider, world: World) -> None:
    async with office(provider.contact, *world) as at_work:
        await at_work.tell(incident())
    ((headers, body),) = provider.requests
    assert Webhook(SECRET).verify(body, headers)["type"] == "incident.first"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, headers | {"webhook-id": "another"})
    assert headers["host"] == f"127.0.0.1:{provider.port}"


async def test_a_provider_that_answers_500_for_a_minute_loses_nothing(provider: Provider, world: World) -> None:
    provider.status = 500
    async with office(provider.contact, *world) as at_work:
        await at_work.tell(incident())
        await at_work.tell(hold(HoldState.VERIFIED))
        await at_work.wait(60)
        assert provider.taken == {}
        provider.status = 204
        await at_work.wait(90)
        states = [(one.sequence, one.state) for one in await at_work.published() if one.state != "queued"]
    assert [b'"sequence":0' in body for body in provider.taken.values()] == [True, False]
    assert len(provider.taken) == 2
    assert (0, "accepted") in states
    assert states[-1] == (1, "accepted")
    opening = {headers["webhook-id"] for headers, body in provider.requests if b'"sequence":0' in body}
    assert len(opening) == 1


async def test_after_a_stop_the_next_process_sends_what_is_left(provider: Provider, world: World) -> None:
    provider.status = 500
    async with office(provider.contact, *world) as at_work:
        await at_work.tell(incident())
    provider.status = 204
    async with office(provider.contact, *world) as at_work:
        await at_work.wait(30)
    assert len(provider.taken) == 1
    assert len({headers["webhook-id"] for headers, _ in provider.requests}) == 1


async def test_a_restart_repeats_nothing(provider: Provider, world: World) -> None:
    for _ in range(3):
        async with office(provider.contact, *world) as at_work:
            await at_work.tell(incident())
            await at_work.wait(60)
    assert len(provider.requests) == 1


async def test_retry_after_is_honoured(provider: Provider, world: World) -> None:
    provider.status = 503
    async with office(provider.contact, *world) as at_work:
        await at_work.tell(incident())
        due = at_work.worker.deadline()
    assert due is not None
    assert due - world[1].now() >= 7_000


@pytest.mark.parametrize("status", [301, 307])
async def test_redirects_are_not_followed(provider: Provider, world: World, status: int) -> None:
    provider.status = status
    async with office(provider.contact, *world) as at_work:
        await at_work.tell(incident())
        published = await at_work.published()
    assert len(provider.requests) == 1
    assert "redirects are not followed" in published[-1].reason


async def test_a_private_address_is_refused_unless_it_is_allowed(provider: Provider, world: World) -> None:
    async with office(provider.contact, *world, settings=Settings()) as at_work:
        await at_work.tell(incident())
        published = await at_work.published()
    assert provider.requests == []
    assert published[-1].state == "queued"
    assert "not a public address" in published[-1].reason


async def test_a_provider_that_is_gone_is_tried_again(provider: Provider, world: World) -> None:
    address = "http://127.0.0.1:1/hook"
    contact = provider.contact.model_copy(update={"address": address})
    async with office(contact, *world) as at_work:
        await at_work.tell(incident())
        published = await at_work.published()
    assert published[-1].reason.startswith("no answer: ConnectError; tried again at")


async def test_both_keys_sign_while_keys_are_rotated(provider: Provider, world: World) -> None:
    newer = "whsec_" + "YSBuZXdlciBzaWduaW5nIGtleSBvZiB0aGVt"
    secrets = {"signing": SecretStr(newer), "signing_previous": SecretStr(SECRET)}
    async with office(provider.contact.model_copy(update={"secrets": secrets}), *world) as at_work:
        await at_work.tell(incident())
    ((headers, body),) = provider.requests
    for secret in (newer, SECRET):
        assert Webhook(secret).verify(body, headers)


def test_every_mistake_of_the_contacts_is_listed_before_anything_starts(world: World) -> None:
    wrong = (
        Contact(channel="pigeon", address="loft"),
        Contact(channel="webhook", address="https://hooks.example"),
        Contact(channel="webhook", address="file:///etc/passwd", secrets={"signing": SecretStr(SECRET)}),
        Contact(channel="terminal", address="printer"),
    )
    log, clock = world
    deployment = Deployment(log, {"acme": Tenant(slug="acme", contacts=wrong)}, clock, Path())
    settings = Settings(channels={"webhook": {"allow_privat": True}, "fax": {}})
    with pytest.raises(ConfigError) as refused:
        compose(deployment, settings)
    assert len(refused.value.problems) == 6


async def test_in_a_replay_the_packages_own_channels_tell_nobody(provider: Provider) -> None:
    clock = VirtualClock(WallClock().now())
    log = EmbeddedLog(None, clock)
    deployment = Deployment(
        log, {"acme": Tenant(slug="acme", contacts=(provider.contact,))}, clock, Path(), virtual=True
    )
    worker = compose(deployment, PRIVATE)
    await worker.start()
    at_work = Office(log, clock, worker)
    one = received(incident())
    await log.append([Message(one.topic, one.tenant, one.key, one.value, {"stanch-now": str(clock.now())})])
    await at_work.settle()
    await worker.advance(clock.now() + 60_000)
    await at_work.settle()
    published = await at_work.published()
    await worker.stop()
    await log.close()
    assert provider.requests == []
    assert published[-1].state == "accepted"
    assert "sent to nobody" in published[-1].reason
