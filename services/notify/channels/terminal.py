"""Tells whoever sits at the terminal. The address of a contact is ``stdout`` or ``stderr``."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from runtime.errors import Rejected, Unavailable
from schemas.notification import Cause
from schemas.tenant import Contact
from services.notify.examples import CONTAINED, HOSTILE
from services.notify.ports import Body, Channel, ChannelExample, Envelope, Outside, Sender, View
from services.notify.text import headline, tell

REMEMBERED = 1_000
_COLOURS: dict[Cause, str] = {
    "first": "red",
    "escalated": "red",
    "ineffective": "red",
    "proposed": "yellow",
    "contained": "green",
    "released": "cyan",
    "merged": "cyan",
    "closed": "cyan",
    "none": "white",
}


class TerminalOptions(BaseModel):
    """How it looks. ``width`` 0 takes the terminal's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: int = Field(default=0, ge=0, le=400)
    colour: bool | None = Field(default=None, description="None: where the stream is a terminal")


@dataclass(slots=True)
class TerminalSender:
    """Prints each delivery once, however often it is sent again by this process."""

    options: TerminalOptions
    outside: Outside
    console: Console | None = None
    _printed: OrderedDict[str, None] = field(default_factory=OrderedDict)

    async def send(self, body: Body, envelope: Envelope, contact: Contact) -> str:
        """Print the message.

        Raises:
            Rejected: there is no such stream.
            Unavailable: nobody reads it.
        """
        if envelope.uid in self._printed:
            return "was printed before"
        console = self.console or self._console(contact.address)
        try:
            console.print(_panel(body, envelope))
        except (OSError, ValueError) as error:
            raise Unavailable(f"the terminal takes nothing: {error}") from error
        self._remember(envelope.uid)
        return f"printed on {contact.address}"

    def _console(self, address: str) -> Console:
        stream = self.outside.streams.get(address)
        if stream is None:
            raise Rejected(f"no stream {address!r}")
        return Console(
            file=stream,
            width=self.options.width or None,
            force_terminal=self.options.colour,
            highlight=False,
            markup=False,
        )

    def _remember(self, uid: str) -> None:
        self._printed[uid] = None
        if len(self._printed) > REMEMBERED:
            self._printed.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Terminal:
    """The channel; it prints on ``console`` where one is given, else on the contact's stream."""

    console: Console | None = None
    name: str = "terminal"
    options: type[BaseModel] = TerminalOptions
    examples: tuple[ChannelExample, ...] = (
        ChannelExample(
            "a contained intrusion",
            CONTAINED,
            says=("WKS07", "isolated from the network", "stanch release hold-1", "DC01", "10[.]20[.]0[.]99"),
            never_says=("10.20.0.99",),
        ),
        ChannelExample(
            "hostile names stay text", HOSTILE, says=("WKS07",), never_says=("\x1b", "\x07", "\u202e", "<!channel>")
        ),
    )

    def refuses(self, contact: Contact) -> str:
        """Return what is wrong with the contact's settings."""
        return "" if contact.address in {"stdout", "stderr"} else "the address of a terminal is stdout or stderr"

    def render(self, view: View) -> Body:
        """Return the message as plain text."""
        _, _, rest = tell(view).partition("\n")
        return Body(title=headline(view), content=rest)

    def open(self, options: BaseModel, outside: Outside) -> Sender:
        """Return the channel at work."""
        return TerminalSender(TerminalOptions.model_validate(options), outside, self.console)


def _panel(body: Body, envelope: Envelope) -> Panel:
    kind = "new" if envelope.sequence == 0 else f"update {envelope.sequence}"
    title = Text(f"{body.title} ({kind})", style="bold")
    return Panel(Text(body.content), title=title, title_align="left", border_style=_COLOURS[envelope.cause])


CHANNEL: Final[Channel] = Terminal()
