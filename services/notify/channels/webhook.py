"""Posts each message as JSON to a URL of the client's, signed as the Standard Webhooks specification says.

``webhook-id`` is the same on every attempt, so that the receiver can tell a repeat; the signature covers id, timestamp and
body. Redirects are not followed. A target that is not a public address is refused, unless ``allow_private`` is set: who may
write a tenant's contacts shall not reach into our own network. The address that was checked is the one connected to.
"""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from runtime.errors import Rejected, Unavailable
from schemas.tenant import Contact
from schemas.times import SECOND, text_or_none, to_text
from services.notify.examples import CONTAINED, HOSTILE
from services.notify.plain import plain
from services.notify.ports import (
    Body,
    Channel,
    ChannelExample,
    Envelope,
    Measure,
    Outside,
    Party,
    RetryLater,
    Sender,
    View,
)
from services.notify.text import headline, tell

SECRETS = ("signing", "signing_previous")
MOST_LISTED = 100
LONGEST_VALUE = 1_000
_LATER = frozenset({408, 425, 429})
_NAT64 = IPv6Network("64:ff9b::/96")


class WebhookOptions(BaseModel):
    """What is allowed, and how long an answer may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow_private: bool = Field(default=False, description="post to private, loopback and link-local addresses too")
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Posts."""

    options: WebhookOptions
    outside: Outside

    async def send(self, body: Body, envelope: Envelope, contact: Contact) -> str:
        """Post the message once.

        Raises:
            Unavailable: no answer, or one that says "later".
            Rejected: the receiver refuses, or the target is none that we may reach.
        """
        request = await self._request(body.content.encode(), envelope, contact)
        try:
            answer = await self.outside.http.send(request, stream=True, follow_redirects=False)
            await answer.aclose()
        except httpx.HTTPError as error:
            raise Unavailable(f"no answer: {type(error).__name__}") from error
        return _judge(answer)

    async def _request(self, content: bytes, envelope: Envelope, contact: Contact) -> httpx.Request:
        url = httpx.URL(contact.address)
        address = await self._checked(url)
        headers = {
            "content-type": "application/json",
            "user-agent": "stanch",
            "host": url.netloc.decode(),
            **_signed(content, envelope, contact),
        }
        return self.outside.http.build_request(
            "POST",
            url.copy_with(host=address),
            content=content,
            headers=headers,
            timeout=self.options.timeout_seconds,
            extensions={"sni_hostname": url.host},
        )

    async def _checked(self, url: httpx.URL) -> str:
        """Return the address to connect to, looked up now and never again: a second answer could differ."""
        addresses = await self.outside.resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
        if not addresses:
            raise Unavailable("the host name has no address")
        barred = [address for address in addresses if not _is_public(address)]
        if barred and not self.options.allow_private:
            raise Rejected("the target is not a public address; set allow_private for the webhook channel if it may be")
        return addresses[0]


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """The channel."""

    name: str = "webhook"
    options: type[BaseModel] = WebhookOptions
    examples: tuple[ChannelExample, ...] = (
        ChannelExample(
            "a contained intrusion",
            CONTAINED,
            says=('"state":"verified"', '"id":"10.20.0.99"', "10[.]20[.]0[.]99", "stanch release hold-1"),
        ),
        ChannelExample("hostile names stay text", HOSTILE, says=("WKS07",), never_says=("\x1b", "\x07", "\r", "\n")),
    )

    def refuses(self, contact: Contact) -> str:
        """Return what is wrong with the contact's settings."""
        if unknown := set(contact.secrets) - set(SECRETS):
            return f"unknown secrets {', '.join(sorted(unknown))}; a webhook has {' and '.join(SECRETS)}"
        if "signing" not in contact.secrets:
            return "the secret `signing` is missing"
        try:
            parts = urlsplit(contact.address)
            well_formed = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
            list(_keys(contact))
        except (ValueError, binascii.Error, EmptyWebhookSecretError) as error:
            return f"unusable address or secret: {type(error).__name__}"
        return (
            "" if well_formed and not parts.username else "the address must be an http or https URL without credentials"
        )

    def render(self, view: View) -> Body:
        """Return the message as one JSON object: ``text`` is for people, ``data`` holds the raw values."""
        payload = {
            "type": f"incident.{view.cause}",
            "timestamp": to_text(view.at),
            "text": tell(view),
            "data": _data(view),
        }
        return Body(headline(view), orjson.dumps(payload, option=orjson.OPT_SORT_KEYS).decode(), "application/json")

    def open(self, options: BaseModel, outside: Outside) -> Sender:
        """Return the channel at work."""
        return WebhookSender(WebhookOptions.model_validate(options), outside)


def _data(view: View) -> dict[str, Any]:
    return {
        "tenant": view.tenant,
        "incident": view.incident,
        "sequence": view.sequence,
        "cause": view.cause,
        "change": plain(view.change, LONGEST_VALUE),
        "severity_id": view.severity,
        "started": text_or_none(view.started),
        "closed": view.closed,
        "merged_into": view.merged_into,
        "entities": [_party(party) for party in view.parties[:MOST_LISTED]],
        "spared": [_party(party) for party in view.spared[:MOST_LISTED]],
        "holds": [_measure(measure) for measure in view.measures[:MOST_LISTED]],
    }


def _party(party: Party) -> dict[str, str]:
    return {"type": party.type.value, "id": _whole(party.id), "role": party.role.value, "why": _whole(party.why)}


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "uid": measure.uid,
        "control": measure.control.value,
        "target": {"type": measure.type.value, "id": _whole(measure.id)},
        "state": measure.state.value,
        "reason": _whole(measure.reason),
        "expires_at": text_or_none(measure.until),
    }


def _whole(value: str) -> str:
    """Return the raw value as JSON can carry it: lone surrogates replaced, the length bounded."""
    return value[:LONGEST_VALUE].encode(errors="replace").decode()


def _signed(content: bytes, envelope: Envelope, contact: Contact) -> dict[str, str]:
    moment = datetime.fromtimestamp(envelope.now // SECOND, UTC)
    signatures = [key.sign(envelope.uid, moment, content.decode()) for key in _keys(contact)]
    return {
        "webhook-id": envelope.uid,
        "webhook-timestamp": str(envelope.now // SECOND),
        "webhook-signature": " ".join(signatures),
    }


def _keys(contact: Contact) -> Iterator[Webhook]:
    """Yield the newest key first; the one before stays valid while it is configured, so that keys can be rotated."""
    for name in SECRETS:
        if name in contact.secrets:
            yield Webhook(contact.secrets[name].get_secret_value())


def _judge(answer: httpx.Response) -> str:
    status = answer.status_code
    if answer.is_success:
        return f"HTTP {status}"
    if answer.is_server_error or status in _LATER:
        raise RetryLater(f"HTTP {status}", _retry_after(answer))
    raise Rejected(f"HTTP {status}: redirects are not followed" if answer.is_redirect else f"HTTP {status}")


def _retry_after(answer: httpx.Response) -> int:
    wish = answer.headers.get("retry-after", "")
    return int(wish) * SECOND if wish.isdecimal() and len(wish) < 6 else 0


def _is_public(address: str) -> bool:
    """Return whether ``address`` lies in nobody's own network, nor the IPv4 address that it carries."""
    parsed = ip_address(address.partition("%")[0])
    carried = [_translated(parsed), getattr(parsed, "ipv4_mapped", None), getattr(parsed, "sixtofour", None)]
    inner = next((one for one in carried if one is not None), parsed)
    return bool(inner.is_global and not inner.is_multicast)


def _translated(parsed: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a NAT64 address (RFC 6052, 64:ff9b::/96) stands for."""
    return IPv4Address(int(parsed) & 0xFFFFFFFF) if parsed in _NAT64 else None


CHANNEL: Final[Channel] = WebhookChannel()
