"""Sends each message as a mail, text and HTML, over SMTP. The address of a contact is one mail address, or several.

The Message-ID follows from the notification's id, so that a mail which is sent again is the same mail; updates reply to the
mail that opened the incident. A connection is encrypted and its certificate checked; a plain one goes to this machine only,
unless ``allow_plain`` is set.
"""

import asyncio
import re
import ssl
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from functools import cached_property
from ipaddress import ip_address
from typing import Final, Literal, Self

import aiosmtplib
import orjson
from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, model_validator

from runtime.errors import Rejected, Unavailable
from schemas.tenant import Contact
from schemas.times import SECOND
from services.notify.core.outbox import contact_uid, delivery_uid
from services.notify.examples import CONTAINED, HOSTILE
from services.notify.markup import page
from services.notify.ports import Body, Channel, ChannelExample, Envelope, Outside, Sender, View
from services.notify.text import headline, parts, tell

REMEMBERED: Final = 1_000
MOST_RECIPIENTS: Final = 20
LONGEST_ANSWER: Final = 200
LEAVING_SECONDS: Final = 1.0
PORTS: Final[Mapping[str, int]] = {"starttls": 587, "tls": 465, "plain": 25}
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_READABLE: Final = Charset("utf-8")
_READABLE.body_encoding = QP
_POLICY: Final = compat32.clone(linesep="\r\n")
_NO_LOOPS: Final = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}

_CUT: Final = (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError)

Refusals = Mapping[str, tuple[int, str]]
"""Recipient -> the server's code and words."""


class EmailOptions(BaseModel):
    """The mail server, and who the mail is from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = ""
    port: int | None = Field(default=None, ge=1, le=65_535, description="587 for starttls, 465 for tls, 25 for plain")
    security: Literal["starttls", "tls", "plain"] = "starttls"
    allow_plain: bool = Field(default=False, description="a plain connection to another machine, without a password")
    ca_file: FilePath | None = Field(default=None, description="certificates to trust instead of the system's")
    sender: str = Field(default="", description="the address in From")
    sender_name: str = "Stanch"
    reply_to: str = ""
    user: str = ""
    secrets: dict[Literal["password"], SecretStr] = Field(default_factory=dict)
    connections: int = Field(default=4, ge=1, le=100, description="mails on their way at once")
    timeout_seconds: float = Field(default=30.0, gt=0, le=300, description="for one mail, from connecting to the end")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, address in (("sender", self.sender), ("reply_to", self.reply_to)):
            if address and not _ADDRESS.fullmatch(address):
                raise ValueError(f"{name} must be one mail address, name@example.com")
        if not self.sender_name.isprintable():
            raise ValueError("sender_name must be printable")
        if bool(self.user) != bool(self.secrets):
            raise ValueError("user and the secret `password` belong together")
        if self.security == "plain" and self.host and not _is_loopback(self.host):
            self._refuse_plain()
        return self

    def _refuse_plain(self) -> None:
        if not self.allow_plain:
            raise ValueError("a plain connection to another machine; use starttls or tls, or set allow_plain")
        if self.user:
            raise ValueError("a password is never sent over a plain connection to another machine")

    def lacks(self) -> str:
        """Return what must be set before a mail can be sent."""
        missing = [name for name in ("host", "sender") if not getattr(self, name)]
        return f"{' and '.join(missing)} must be set, since a contact is told by email" if missing else ""

    @property
    def domain(self) -> str:
        """The domain of the sender."""
        return self.sender.rpartition("@")[2]


@dataclass
class EmailSender:
    """Sends. It remembers which recipients have a mail already, so that a repeat goes only to those who have not."""

    options: EmailOptions
    _taken: OrderedDict[str, frozenset[str]] = field(default_factory=OrderedDict)
    _lines: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._lines = asyncio.Semaphore(self.options.connections)

    async def send(self, body: Body, envelope: Envelope, contact: Contact) -> str:
        """Send the mail once.

        Raises:
            Unavailable: no answer, one that says "later", or a connection lost before the server took it.
            Rejected: the server refuses the mail, us, or every recipient, for good.
        """
        everyone = recipients_of(contact)
        due = [one for one in everyone if one not in self._taken.get(envelope.uid, ())]
        content = compose(body, envelope, contact, self.options)
        async with self._lines:
            refused = await self._sent(due, content) if due else {}
        taken = frozenset(everyone) - refused.keys()
        self._remember(envelope.uid, taken)
        return _judge(refused, len(everyone))

    async def _sent(self, recipients: Sequence[str], content: bytes) -> Refusals:
        """Hand the mail over and return who was refused."""
        client = self._client()
        try:
            async with asyncio.timeout(self.options.timeout_seconds):
                await client.connect()
                refused, _ = await client.sendmail(self.options.sender, recipients, content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {one.recipient: (one.code, one.message) for one in error.recipients}
        except aiosmtplib.SMTPResponseException as error:
            raise _failure(error.code, error.message) from error
        except (*_CUT, OSError, TimeoutError) as error:
            raise Unavailable(f"no answer: {_named(error)}") from error
        except aiosmtplib.SMTPException as error:
            raise Rejected(f"the mail server lacks what is asked for: {error.message}") from error
        finally:
            await _leave(client)
        return {recipient: (code, message) for recipient, (code, message) in refused.items()}

    def _client(self) -> aiosmtplib.SMTP:
        options = self.options
        return aiosmtplib.SMTP(
            hostname=options.host,
            port=options.port or PORTS[options.security],
            username=options.user or None,
            password=options.secrets["password"].get_secret_value() if options.secrets else None,
            local_hostname=options.domain,
            use_tls=options.security == "tls",
            start_tls=options.security == "starttls",
            tls_context=self._trust if options.security != "plain" else None,
            timeout=options.timeout_seconds,
        )

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.options.ca_file)

    def _remember(self, uid: str, taken: frozenset[str]) -> None:
        self._taken[uid] = taken
        if len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """The channel."""

    name: str = "email"
    options: type[BaseModel] = EmailOptions
    examples: tuple[ChannelExample, ...] = (
        ChannelExample(
            "a contained intrusion",
            CONTAINED,
            says=("[acme] Critical: intrusion on WKS07", "10[.]20[.]0[.]99", "undo: stanch release hold-1", "<h1"),
            never_says=("10.20.0.99", "href", "src="),
        ),
        ChannelExample(
            "hostile names stay text",
            HOSTILE,
            says=("WKS07", "hxxp"),
            never_says=("\x1b", "\x07", "\r", "\u202e", "<!channel>", "http:", "https:", "href"),
        ),
    )

    def refuses(self, contact: Contact) -> str:
        """Return what is wrong with the contact's settings."""
        if contact.secrets:
            return "a contact has no secrets for email; user and password stand in notify.channels.email"
        recipients = recipients_of(contact)
        if not all(_ADDRESS.fullmatch(one) for one in recipients):
            return "the address must be a mail address, or several with commas between them"
        return f"more than {MOST_RECIPIENTS} addresses" if len(recipients) > MOST_RECIPIENTS else ""

    def render(self, view: View) -> Body:
        """Return the message as ``{"text", "html"}``: both say the same."""
        content = {"text": tell(view), "html": page(headline(view), parts(view), view.cause)}
        return Body(headline(view), orjson.dumps(content).decode(), "application/json")

    def open(self, options: BaseModel, outside: Outside) -> Sender:  # noqa: ARG002 # the port's signature
        """Return the channel at work."""
        return EmailSender(EmailOptions.model_validate(options))


def compose(body: Body, envelope: Envelope, contact: Contact, options: EmailOptions) -> bytes:
    """Return the mail. Its Message-ID and its thread depend on incident, contact and version alone."""
    mail = MIMEMultipart("alternative", f"=_{envelope.uid}")  # a boundary that no quoted-printable text can contain
    mail["Message-ID"] = f"<{envelope.uid}@{options.domain}>"
    mail["Date"] = format_datetime(datetime.fromtimestamp(envelope.now // SECOND, UTC))
    mail["From"] = formataddr((options.sender_name, options.sender))
    mail["To"] = ", ".join(recipients_of(contact))
    mail["Subject"] = _subject(body.title)  # type: ignore[assignment] # a Header stands for its text
    if options.reply_to:
        mail["Reply-To"] = options.reply_to
    if envelope.sequence:
        opening = delivery_uid(envelope.tenant, envelope.incident, contact_uid(contact), 0)
        mail["In-Reply-To"] = mail["References"] = f"<{opening}@{options.domain}>"
    for name, value in _NO_LOOPS.items():
        mail[name] = value
    content = orjson.loads(body.content)
    for subtype, name in (("plain", "text"), ("html", "html")):
        mail.attach(MIMEText(content[name], subtype, _READABLE))  # type: ignore[arg-type] # it takes a charset as well
    return mail.as_bytes(policy=_POLICY)


def _subject(title: str) -> Header:
    """Return the title as a header. What looks like an encoded word, RFC 2047, is encoded itself: nobody decodes an attacker's."""
    line = " ".join(title.split())
    return Header(line, "us-ascii" if line.isascii() and "=?" not in line else "utf-8", header_name="Subject")


def recipients_of(contact: Contact) -> tuple[str, ...]:
    """Return the addresses of a contact, each once."""
    return tuple(dict.fromkeys(one.strip() for one in contact.address.split(",")))


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye. What the server makes of it no longer matters: it has the mail, or it has not."""
    try:
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            async with asyncio.timeout(LEAVING_SECONDS):
                await client.quit()
    finally:
        client.close()


def _judge(refused: Refusals, total: int) -> str:
    """Return what became of a mail that the server took for some recipients, if it need not be sent again."""
    if not refused:
        return "accepted by the mail server"
    address, (code, answer) = min(refused.items(), key=lambda one: (one[1][0], one[0]))
    what = f"{len(refused)} of {total} recipients refused: {_answer(code, answer, address)}"
    if any(code < 500 for code, _ in refused.values()):
        raise Unavailable(what)
    if len(refused) == total:
        raise Rejected(what)
    return f"accepted by the mail server, but {what}"


def _failure(code: int, answer: str) -> Rejected | Unavailable:
    words = _answer(code, answer)
    return Rejected(f"refused: {words}") if code >= 500 else Unavailable(f"not taken: {words}")


def _answer(code: int, answer: str, address: str = "") -> str:
    """Return the server's words without the recipient's address: what is published names no address of a contact."""
    words = " ".join(answer.split())[:LONGEST_ANSWER]
    return f"{code} {words.replace(address, '(recipient)') if address else words}"


def _named(error: BaseException) -> str:
    cause = error.__cause__ or error
    reason = getattr(cause, "verify_message", "")
    return f"{type(cause).__name__}: {reason}" if reason else type(error).__name__


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


CHANNEL: Final[Channel] = EmailChannel()
