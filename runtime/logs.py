"""Structured logs: JSON lines on stderr, colours on a terminal. Hostile text stays text, secrets stay secret."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import TextIO

import orjson
import structlog
from pydantic import SecretBytes, SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "**********"
REPEATED_SECONDS = 10.0
_REPETITIVE = "aiokafka"
_REMEMBERED = 1_000
_LONGEST = 8_000
_SECRET_NAMES = re.compile(r"(?i)(passw|secret|token|api_?key|authori[sz]ation|credential|cookie|private_?key)")
# C0 and C1 controls, line separators, direction overrides and zero-width characters: all that lets a text pretend
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_TRACEBACKS = frozenset({"traceback", "exception", "stack"})


class _Calm(logging.Filter):
    """Lets what the Kafka client repeats through now and then: while a broker is away it complains hundreds of times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, object], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is told."""
        if not record.name.startswith(_REPETITIVE):
            return True
        said = (record.name, record.msg)
        if record.created - self._last.get(said, 0.0) < REPEATED_SECONDS:
            return False
        if len(self._last) > _REMEMBERED:
            self._last.clear()
        self._last[said] = record.created
        return True


def setup_logs(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records to ``stream`` (stderr unless given)."""
    stream = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        clean,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _route(stream, shared, level)


def _route(stream: TextIO, shared: list[Processor], level: str) -> None:
    handler = logging.StreamHandler(stream)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(stream)],
    )
    handler.setFormatter(formatter)
    handler.addFilter(_Calm())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", _REPETITIVE):  # they log whole URLs, or each of their steps, at INFO
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _renderer(stream: TextIO) -> Processor:
    if stream.isatty():
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(serializer=_as_json)


def _as_json(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def clean(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape what could pretend to be something else, hide what is named like a secret, cut what is endless."""
    return {name: _value(str(name), value) for name, value in event.items()}


def escaped(text: str) -> str:
    r"""Return ``text`` with control and direction characters written out, as ``\x1b`` or ``\u202e``."""
    return _CONTROL.sub(lambda match: _written_out(match.group()), text)


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _value(name: str, value: object) -> object:
    if name.startswith("_"):
        return value  # structlog's own
    if isinstance(value, SecretStr | SecretBytes) or _SECRET_NAMES.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return {escaped(str(key)): _value(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(name, inner) for inner in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return _text(name, value)


def _text(name: str, value: object) -> str:
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
    if name in _TRACEBACKS:
        return "\n".join(escaped(line) for line in text[-_LONGEST:].split("\n"))
    return escaped(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)")
