"""One event as rules see it: every field as texts, computed when first asked for and kept for the next rule."""

from collections.abc import Mapping
from typing import Any

import orjson

from schemas.taxonomy import Aliases, field_values, leaves

ALL = "\0all"


def text_of(value: object) -> str:
    """Return ``value`` as rules compare it: 4688 and 4688.0 and "4688" are the same, true is "true", an object its JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return _json(value)


def _json(value: object) -> str:
    try:
        return orjson.dumps(value, default=str).decode()
    except (TypeError, ValueError, RecursionError):
        return str(value)


class Texts(dict[str, tuple[str, ...]]):
    """Field -> its values as texts, their case kept; no values where the event has none."""

    __slots__ = ("_aliases", "native")

    def __init__(self, native: Mapping[str, Any], aliases: Aliases) -> None:
        super().__init__()
        self.native = native
        self._aliases = aliases

    def __missing__(self, field: str) -> tuple[str, ...]:
        found = leaves(self.native) if field == ALL else field_values(self.native, field, self._aliases)
        texts = tuple(text_of(value) for value in found)
        self[field] = texts
        return texts


class Lowered(dict[str, tuple[str, ...]]):
    """Field -> its values as texts in lower case."""

    __slots__ = ("_texts",)

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts

    def __missing__(self, field: str) -> tuple[str, ...]:
        lowered = tuple(text.lower() for text in self._texts[field])
        self[field] = lowered
        return lowered


class View:
    """One event. ``texts`` and ``lowered`` hold a field's values; the field ``ALL`` holds every value of the event."""

    __slots__ = ("lowered", "texts")

    def __init__(self, native: Mapping[str, Any], aliases: Aliases) -> None:
        self.texts = Texts(native, aliases)
        self.lowered = Lowered(self.texts)
