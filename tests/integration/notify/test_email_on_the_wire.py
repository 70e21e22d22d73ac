"""The email channel against a real SMTP server: encrypted or not, refusing, failing, cutting the line."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runtime.config import load
from runtime.errors import ConfigError, Rejected, Unavailable
from schemas.hold import HoldState
from schemas.tenant import Contact
from services.notify.channels.email import CHANNEL, EmailOptions, EmailSender
from services.notify.examples import CONTAINED, HOSTILE
from services.notify.ports import Envelope
from services.notify.settings import Settings
from tests.integration.notify.mailbox import PASSWORD, USER, Mailbox, certificate, serving
from tests.integration.notify.office import World, new_world, office
from tests.unit.notify.stage import hold, incident

SOC = Contact(channel="email", address="soc@acme.example")
BOTH = Contact(channel="email", address="soc@acme.example, lead@acme.example")
BODY = CHANNEL.render(CONTAINED)
OPENING = Envelope("11111111-0000-5000-8000-000000000000", "acme", "i-1", 0, "first", 1_767_907_714_017)


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with serving() as mailbox:
        yield mailbox


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with new_world() as world:
        yield world


def options(mailbox: Mailbox, **more: Any) -> dict[str, Any]:
    plain = {"host": "127.0.0.1", "port": mailbox.port, "security": "plain", "sender": "stanch@msp.example"}
    return {**plain, "timeout_seconds": 5, **more}


def sender(mailbox: Mailbox, **more: Any) -> EmailSender:
    return EmailSender(EmailOptions.model_validate(options(mailbox, **more)))


async def test_a_mail_has_text_and_html_and_says_who_it_is_from(mailbox: Mailbox) -> None:
    said = await sender(mailbox, reply_to="soc@msp.example").send(BODY, OPENING, SOC)
    ((recipients, mail),) = mailbox.taken
    assert (said, recipients) == ("accepted by the mail server", ["soc@acme.example"])
    assert (mail["From"], mail["To"], mail["Reply-To"]) == (
        "Stanch <stanch@msp.example>", "soc@acme.example", "soc@msp.example",
    )  # fmt: skip
    assert mail["Subject"] == "[acme] Critical: intrusion on WKS07"
    assert mail["Message-ID"] == f"<{OPENING.uid}@msp.example>"
    assert mail["Date"] == "Thu, 08 Jan 2026 21:28:34 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in mail.iter_parts())
    assert "undo: stanch release hold-1" in text
    assert "<code" in html
    assert mailbox.greetings == ["msp.example"]


async def test_hostile_names_reach_neither_header_nor_markup(mailbox: Mailbox) -> None:
    poisoned = dataclasses.replace(HOSTILE, tenant="acme\r\nBcc: x@evil.example")
    await sender(mailbox).send(CHANNEL.render(poisoned), OPENING, SOC)
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert sorted(mail.keys()) == sorted(set(mail.keys()))
    text, html = (part.get_content() for part in mail.iter_parts())
    assert not [char for char in (text + html).replace("\r\n", "") if ord(char) < 32]
    assert "evil.example" not in text + html
    assert "<!channel>" not in html


async def test_an_update_replies_to_the_mail_that_opened_the_incident(mailbox: Mailbox, world: World) -> None:
    async with office(SOC, *world, Settings(channels={"email": options(mailbox)})) as at_work:
        await at_work.tell(incident())
        await at_work.tell(hold(HoldState.VERIFIED))
        await at_work.wait(90)
    opening, update = mailbox.mails
    assert opening["In-Reply-To"] is None
    assert update["In-Reply-To"] == update["References"] == opening["Message-ID"]
    assert update["Message-ID"] != opening["Message-ID"]


async def test_not_now_is_tried_again_and_delivered_once(mailbox: Mailbox, world: World) -> None:
    mailbox.answers = ["451 4.7.1 greylisted, come again"]
    async with office(SOC, *world, Settings(channels={"email": options(mailbox)})) as at_work:
        await at_work.tell(incident())
        assert mailbox.mails == []
        await at_work.wait(90)
        published = await at_work.published()
    assert len(mailbox.mails) == 1
    assert "not taken: 451 4.7.1 greylisted" in " ".join(one.reason for one in published)
    assert published[-1].state == "accepted"


async def test_a_refusal_for_good_is_a_refusal(mailbox: Mailbox) -> None:
    mailbox.answers = ["554 5.7.1 we do not want this"]
    with pytest.raises(Rejected, match=r"refused: 554 5\.7\.1"):
        await sender(mailbox).send(BODY, OPENING, SOC)


async def test_a_line_cut_after_the_mail_was_taken_repeats_the_same_mail(mailbox: Mailbox, world: World) -> None:
    mailbox.cut = 1
    async with office(SOC, *world, Settings(channels={"email": options(mailbox)})) as at_work:
        await at_work.tell(incident())
        await at_work.wait(90)
        published = await at_work.published()
    assert len(mailbox.mails) == 2
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1
    assert len({bytes(mail.get_body(("plain",)).get_payload(decode=True)) for mail in mailbox.mails}) == 1  # type: ignore[union-attr]
    assert published[-1].state == "accepted"


async def test_a_repeat_goes_only_to_those_who_have_not_got_it(mailbox: Mailbox) -> None:
    mailbox.refusals = {"lead@acme.example": "450 4.2.2 <lead@acme.example> is full"}
    channel = sender(mailbox)
    with pytest.raises(Unavailable, match=r"1 of 2 recipients refused: 450 4\.2\.2 <\(recipient\)> is full"):
        await channel.send(BODY, OPENING, BOTH)
    mailbox.refusals = {}
    assert await channel.send(BODY, OPENING, BOTH) == "accepted by the mail server"
    assert await channel.send(BODY, OPENING, BOTH) == "accepted by the mail server"
    assert [recipients for recipients, _ in mailbox.taken] == [["soc@acme.example"], ["lead@acme.example"]]
    assert {str(mail["To"]) for mail in mailbox.mails} == {"soc@acme.example, lead@acme.example"}


async def test_one_recipient_who_does_not_exist_does_not_keep_the_mail_from_the_others(mailbox: Mailbox) -> None:
    mailbox.refusals = {"lead@acme.example": "550 5.1.1 no such user lead@acme.example"}
    said = await sender(mailbox).send(BODY, OPENING, BOTH)
    assert said == "accepted by the mail server, but 1 of 2 recipients refused: 550 5.1.1 no such user (recipient)"
    mailbox.refusals["soc@acme.example"] = "550 5.1.1 no such user"
    with pytest.raises(Rejected, match="2 of 2 recipients refused"):
        await sender(mailbox).send(BODY, OPENING, BOTH)
    assert len(mailbox.mails) == 1


async def test_a_storm_of_incidents_is_no_storm_of_connections(mailbox: Mailbox) -> None:
    channel = sender(mailbox, connections=2)
    storm = [dataclasses.replace(OPENING, uid=f"{number:08}-0000-5000-8000-000000000000") for number in range(12)]
    await asyncio.gather(*(channel.send(BODY, one, SOC) for one in storm))
    assert (len(mailbox.mails), mailbox.open_most) == (12, 2)


async def test_starttls_with_a_password(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path)
    login = {"security": "starttls", "user": USER, "secrets": {"password": PASSWORD}}
    async with serving(starttls=context, auth_required=True) as mailbox:
        await sender(mailbox, **login, ca_file=trusted).send(BODY, OPENING, SOC)
        with pytest.raises(Rejected, match="535"):
            await sender(mailbox, **{**login, "secrets": {"password": "wrong"}}, ca_file=trusted).send(
                BODY, OPENING, SOC
            )
    assert (mailbox.encrypted, mailbox.users) == ([True], [USER])


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path)
    async with serving(tls=context) as mailbox:
        await sender(mailbox, security="tls", ca_file=trusted).send(BODY, OPENING, SOC)
    assert mailbox.encrypted == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(tmp_path: Path, security: str) -> None:
    context, _ = certificate(tmp_path)
    async with serving(**{security: context}) as mailbox:
        with pytest.raises(Unavailable, match="certificate"):
            await sender(mailbox, security=security).send(BODY, OPENING, SOC)
    assert mailbox.mails == []


async def test_a_certificate_for_another_name_gets_no_mail(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path, "mail.example")
    async with serving(starttls=context) as mailbox:
        with pytest.raises(Unavailable, match="certificate"):
            await sender(mailbox, security="starttls", ca_file=trusted).send(BODY, OPENING, SOC)
    assert mailbox.mails == []


async def test_a_server_that_offers_no_encryption_gets_no_mail(mailbox: Mailbox) -> None:
    with pytest.raises(Rejected, match=r"lacks what is asked for: .*STARTTLS"):
        await sender(mailbox, security="starttls").send(BODY, OPENING, SOC)
    assert mailbox.mails == []


async def test_a_server_that_is_gone_or_silent_is_tried_again(mailbox: Mailbox) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with pytest.raises(Unavailable, match="SMTPConnectError"):
        await sender(mailbox, port=1).send(BODY, OPENING, SOC)
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable, match="Timeout"):
            await sender(mailbox, port=port, timeout_seconds=0.05).send(BODY, OPENING, SOC)


async def test_a_contact_by_mail_needs_a_server_and_a_sender(world: World) -> None:
    with pytest.raises(ConfigError, match=r"notify\.channels\.email: host and sender must be set"):
        async with office(SOC, *world, Settings()):
            pass


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"host": "mail.example", "security": "plain"}, "a plain connection to another machine"),
        (
            {
                "host": "mail.example",
                "security": "plain",
                "allow_plain": True,
                "user": "u",
                "secrets": {"password": "p"},
            },
            "a password is never sent",
        ),
        ({"user": "u"}, "belong together"),
        ({"sender": "stanch"}, "sender must be one mail address"),
        ({"reply_to": "a@b.example\r\nBcc: c@d.example"}, "reply_to must be one mail address"),
        ({"sender_name": "Stanch\r\nBcc: x"}, "printable"),
    ],
)
def test_settings_that_would_leak_or_fail_are_refused_at_the_start(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        EmailOptions.model_validate(wrong)


def test_a_password_does_not_show() -> None:
    assert "a secret" not in repr(EmailOptions.model_validate({"user": "u", "secrets": {"password": "a secret"}}))


@pytest.mark.parametrize(
    "address",
    ["soc", "soc@", "a@b.example\r\nBcc: c@d.example", "<a@b.example>", "a@b.example;c@d.example", "a b@c.example"],
)
def test_a_contact_must_be_mail_addresses(address: str) -> None:
    assert CHANNEL.refuses(Contact(channel="email", address=address))


def test_a_contact_may_be_several_mail_addresses() -> None:
    assert CHANNEL.refuses(BOTH) == ""
    assert "more than 20" in CHANNEL.refuses(
        Contact(channel="email", address=",".join(f"a{number}@b.example" for number in range(21)))
    )


def test_the_password_stands_in_no_file(tmp_path: Path) -> None:
    section = (
        "version: 1\nnotify:\n  channels:\n    email: {host: mail.msp.example, user: u, sender: a@msp.example, %s}\n"
    )
    (tmp_path / "stanch.yaml").write_text(section % "secrets: {password: {env: MAIL_PASSWORD}}")
    settings = load(tmp_path, {"notify": Settings}, {"MAIL_PASSWORD": "a secret"}).settings["notify"]
    assert isinstance(settings, Settings)
    given = settings.channels["email"].options()
    assert EmailOptions.model_validate(given).secrets["password"].get_secret_value() == "a secret"
    (tmp_path / "stanch.yaml").write_text(section % "secrets: {password: a secret}")
    with pytest.raises(ConfigError, match="a secret may not stand in a file"):
        load(tmp_path, {"notify": Settings}, {})
