"""Logs: one JSON object per record, whatever hostile text it carries, and never a secret."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from runtime.logs import HIDDEN, clean, escaped, setup_logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def records(stream: io.StringIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_what_the_kafka_client_repeats_is_told_once_in_a_while_and_our_own_words_always(stream: io.StringIO) -> None:
    setup_logs(stream=stream)
    for node in range(3):
        logging.getLogger("aiokafka.conn").error("Unable connect to node with id %s", node)
        structlog.get_logger("delivery").warning("unavailable, trying again")
    logging.getLogger("aiokafka.conn").error("another complaint")
    told = [record["event"] for record in records(stream)]
    assert told == ["Unable connect to node with id 0", *["unavailable, trying again"] * 3, "another complaint"]


def test_a_record_is_one_json_object(stream: io.StringIO) -> None:
    setup_logs(stream=stream)
    structlog.get_logger("detect").warning("late", topic="events", offset=7)
    (record,) = records(stream)
    assert (record["event"], record["logger"], record["level"]) == ("late", "detect", "warning")
    assert (record["topic"], record["offset"]) == ("events", 7)


def test_the_standard_library_speaks_the_same(stream: io.StringIO) -> None:
    setup_logs(stream=stream)
    logging.getLogger("uvicorn").warning("bind %s", "0.0.0.0\nforged")
    assert records(stream)[0]["event"] == "bind 0.0.0.0\\nforged"


def test_hostile_text_stays_text(stream: io.StringIO) -> None:
    setup_logs(stream=stream)
    structlog.get_logger("x").info("user \x1b[2J said", name="a\u202eb\r\nlevel=critical", raw=b"\xff\x00")
    (record,) = records(stream)
    assert record["event"] == r"user \x1b[2J said"
    assert record["name"] == r"a\u202eb\r\nlevel=critical"
    assert record["raw"] == r"\xff\x00"


def test_secrets_never(stream: io.StringIO) -> None:
    setup_logs(stream=stream)
    structlog.get_logger("x").info(
        "configured", key=SecretStr("one"), api_token="two", headers={"Authorization": "three", "ok": [SecretStr("x")]}
    )
    (record,) = records(stream)
    assert record["key"] == record["api_token"] == HIDDEN
    assert record["headers"] == {"Authorization": HIDDEN, "ok": [HIDDEN]}


def test_a_terminal_gets_colours_and_no_control_characters_of_others() -> None:
    stream = Terminal()
    root = logging.getLogger()
    handlers = root.handlers[:]
    try:
        setup_logs(stream=stream)
        structlog.get_logger("x").info("hello", name="a\x07b")
    finally:
        root.handlers[:] = handlers
        structlog.reset_defaults()
    assert "hello" in stream.getvalue()
    assert "\x07" not in stream.getvalue()


def test_what_is_endless_is_cut() -> None:
    assert len(clean(None, "info", {"event": "x" * 1_000_000})["event"]) < 10_000


@given(st.text())
def test_an_escaped_text_is_one_printable_line(text: str) -> None:
    assert len(escaped(text).splitlines()) <= 1
