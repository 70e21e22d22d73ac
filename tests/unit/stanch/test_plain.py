"""What others wrote cannot speak to the terminal, and what a person has to copy is never cut short."""

from io import StringIO
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from schemas.hold import Hold
from stanch.cli.holds import table
from stanch.cli.plain import plain

HOSTILE = "ws5\x1b[31m\x1b]0;title\x07[red]x[/]\u202e\u2028\\"
HOLDS = Path(__file__).resolve().parents[3] / "schemas" / "examples" / "holds.json"


def printed(what: str | Table) -> str:
    stream = StringIO()
    Console(file=stream, width=80, color_system=None).print(what)
    return stream.getvalue()


def test_escape_sequences_and_markup_are_text() -> None:
    shown = printed(plain(HOSTILE))
    assert "[red]x[/]" in shown
    assert not set(shown) & {"\x1b", "\x07", "\u202e", "\u2028"}


def test_a_hold_can_be_released_from_a_narrow_terminal() -> None:
    (hold, *_) = (Hold.model_validate(one) for one in orjson.loads(HOLDS.read_bytes()))
    uid = "5f0c9d0e-0000-5000-8000-00000000abcd"
    shown = printed(table([hold.model_copy(update={"uid": uid})]))
    assert uid in shown
    assert hold.target.id in shown
