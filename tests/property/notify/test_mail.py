"""Whatever an attacker calls things, a mail has the headers that we gave it, and says in both parts what we wrote."""

from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.entity import EntityType, Role
from schemas.tenant import Contact
from services.notify.channels.email import CHANNEL, EmailOptions, compose
from services.notify.examples import CONTAINED
from services.notify.ports import Envelope, Party
from services.notify.text import headline, tell

OPTIONS = EmailOptions(
    host="127.0.0.1", sender="stanch@msp.example", sender_name='Störung, "Süd"', reply_to="soc@msp.example"
)
SOC = Contact(channel="email", address="soc@acme.example")
UPDATE = Envelope("11111111-0000-5000-8000-000000000000", "acme", "i-1", 2, "contained", 1_767_907_714_017)
HEADERS = {
    "Message-ID", "Date", "From", "To", "Subject", "Reply-To", "In-Reply-To", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
}  # fmt: skip
TAGS = {"html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "ul", "li", "code"}
hostile = st.text(max_size=200) | st.sampled_from(
    [
        "\r\nBcc: x@y.example",
        "=?utf-8?q?=0d=0aBcc:_x?=",
        "</title><script>",
        "--=_11111111-0000-5000-8000-000000000000--",
        "\u2028\x85",
        "." * 90,
    ]
)


class Seen(HTMLParser):
    """Which elements and attributes a page has, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def subject_of(sent: bytes) -> str:
    """The subject as RFC 2047 has it decoded, its folds undone."""
    raw = message_from_bytes(sent)["Subject"]
    return " ".join(str(make_header(decode_header(raw.replace("\r\n", "")))).split())


@example(text="", name="=?utf-8?q?=0d=0aBcc:_x@y.example?=")
@example(text="", name="=??Q?=0D")
@settings(max_examples=150, deadline=None)
@given(text=hostile, name=hostile)
def test_a_mail_is_what_we_made_it(text: str, name: str) -> None:
    party = Party(EntityType.HOST, name, Role.ATTACKER_CONTROLLED, text)
    view = replace(CONTAINED, tenant=name[:40], story=text, change=text, parties=(party,) * 3, advice=(text,))
    sent = compose(CHANNEL.render(view), UPDATE, SOC, OPTIONS)
    assert max(map(len, sent.split(b"\r\n"))) <= 998
    mail = message_from_bytes(sent, policy=default)
    assert isinstance(mail, EmailMessage)
    assert (set(mail.keys()), len(mail.keys())) == (HEADERS, len(HEADERS))
    assert subject_of(sent) == " ".join(headline(view).split())
    assert mail["From"].addresses[0].display_name == 'Störung, "Süd"'
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert plain.replace("\r\n", "\n").rstrip("\n") == tell(view)
    page = Seen()
    page.feed(html)
    assert page.tags <= TAGS
    assert page.attributes <= {"style", "lang", "charset", "name", "content"}
    assert headline(view) in page.text
