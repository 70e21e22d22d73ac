"""What people read, word by word. A change of a text shows up here as a change of a file.

To accept new words: ``STANCH_GOLDEN=write python -m pytest tests/golden/notify``.
"""

import os
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from schemas.hold import HoldState
from services.notify.channels.email import CHANNEL as EMAIL
from services.notify.channels.terminal import CHANNEL as TERMINAL
from services.notify.channels.webhook import CHANNEL as WEBHOOK
from services.notify.examples import CONTAINED, HOSTILE
from services.notify.ports import View
from services.notify.text import LIMIT, tell

HERE = Path(__file__).parent
MESSAGES = {
    "first": replace(CONTAINED, sequence=0, cause="first", measures=()),
    "contained": CONTAINED,
    "released": replace(
        CONTAINED,
        sequence=2,
        cause="released",
        change="host WKS07: no longer isolated from the network: released",
        measures=tuple(replace(one, state=HoldState.RELEASED) for one in CONTAINED.measures[:1]),
    ),
    "ineffective": replace(
        CONTAINED,
        sequence=2,
        cause="ineffective",
        change="host WKS07: NOT isolated from the network",
        measures=tuple(replace(one, state=HoldState.INEFFECTIVE) for one in CONTAINED.measures[:1]),
    ),
    "merged": replace(CONTAINED, sequence=3, cause="merged", change="this is part of incident X", merged_into="X"),
    "closed": replace(CONTAINED, sequence=4, cause="closed", change="the incident is closed", closed=True),
    "hostile": HOSTILE,
}


def compare(path: Path, text: str) -> None:
    if os.environ.get("STANCH_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", MESSAGES)
def test_the_text_of(name: str) -> None:
    compare(HERE / f"{name}.txt", tell(MESSAGES[name]) + "\n")


def test_the_webhook_body() -> None:
    compare(HERE / "webhook.json", WEBHOOK.render(CONTAINED).content + "\n")


def test_the_mail_says_the_same_in_html() -> None:
    content = orjson.loads(EMAIL.render(CONTAINED).content)
    assert content["text"] == tell(CONTAINED)
    compare(HERE / "email.html", content["html"].replace("><", ">\n<") + "\n")


@pytest.mark.parametrize("view", MESSAGES.values())
def test_no_text_is_longer_than_its_limit(view: View) -> None:
    assert len(tell(view)) <= LIMIT
    assert len(TERMINAL.render(view).content) <= LIMIT
