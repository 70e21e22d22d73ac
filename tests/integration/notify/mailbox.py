"""A mail server on a real socket, for tests: it keeps what it takes, and fails as it is told to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER, PASSWORD = "stanch@msp.example", "a password of the tests"
TAKEN = "250 2.0.0 taken"


@dataclass
class Mailbox:
    """``answers`` are given to the next mails, one each, instead of taking them; ``cut`` counts the mails after which the
    connection breaks before an answer is out; ``refusals`` are answers to recipients."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    open: int = 0
    open_most: int = 0
    users: list[object] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        return [mail for _, mail in self.taken]

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greetings.append(hostname)
        return responses

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.taken.append((list(envelope.rcpt_tos), mail))
        self.encrypted.append(session.ssl is not None or _is_tls(server))
        self.users.append(session.auth_data)
        if self.cut:
            self.cut -= 1
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined] # asyncio's transports have it
        return TAKEN

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        known = data.login == USER.encode() and data.password == PASSWORD.encode()
        return AuthResult(success=known, handled=False, auth_data=data.login.decode() if known else None)


@asynccontextmanager
async def serving(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Mailbox]:
    """A mail server at work on a free port of the loopback."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        return _Counted(
            mailbox,
            tls_context=starttls,
            authenticator=mailbox.authenticate,
            hostname="mail.test",
            loop=loop,
            **options,
        )

    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=tls)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        await server.wait_closed()


class _Counted(SMTP):
    """A connection that is counted while it is open; the handshake of STARTTLS opens it a second time."""

    counted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self.counted:
            self.counted = True
            self.event_handler.open += 1
            self.event_handler.open_most = max(self.event_handler.open, self.event_handler.open_most)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.open -= 1
        super().connection_lost(error)


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """Return a server's context with a fresh certificate for ``name``, and the file by which a client may trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of the tests")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([_named(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(signed.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    return context, public


def _named(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_tls(server: SMTP) -> bool:
    return server.transport is not None and server.transport.get_extra_info("sslcontext") is not None
