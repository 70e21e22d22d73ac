"""The terminal channel on a stream."""

from io import StringIO

import httpx
import pytest

from runtime.errors import Rejected, Unavailable
from schemas.tenant import Contact
from services.notify.adapters import look_up
from services.notify.channels.terminal import CHANNEL, TerminalOptions
from services.notify.examples import CONTAINED, HOSTILE
from services.notify.ports import Envelope, Outside, Sender, View

STDOUT = Contact(channel="terminal", address="stdout")


def sender(stream: StringIO) -> Sender:
    outside = Outside(httpx.AsyncClient(), {"stdout": stream}, look_up)
    return CHANNEL.open(TerminalOptions(width=100, colour=False), outside)


def envelope(view: View, uid: str = "one") -> Envelope:
    return Envelope(uid, view.tenant, view.incident, view.sequence, view.cause, view.at)


@pytest.mark.parametrize("view", [CONTAINED, HOSTILE])
async def test_a_message_is_printed_as_text_and_nothing_else(view: View) -> None:
    stream = StringIO()
    said = await sender(stream).send(CHANNEL.render(view), envelope(view), STDOUT)
    assert said == "printed on stdout"
    assert "WKS07" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


async def test_the_same_delivery_is_printed_once() -> None:
    stream = StringIO()
    at_work = sender(stream)
    for _ in range(3):
        await at_work.send(CHANNEL.render(CONTAINED), envelope(CONTAINED), STDOUT)
    assert stream.getvalue().count("stanch release hold-1") == 1


async def test_a_stream_that_is_closed_is_tried_again_later() -> None:
    stream = StringIO()
    at_work = sender(stream)
    stream.close()
    with pytest.raises(Unavailable):
        await at_work.send(CHANNEL.render(CONTAINED), envelope(CONTAINED), STDOUT)


async def test_a_stream_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Rejected):
        await sender(StringIO()).send(
            CHANNEL.render(CONTAINED), envelope(CONTAINED), Contact(channel="terminal", address="stderr")
        )
