"""Zeek's own table format: header lines that name separator, path, fields and types, and rows under them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.errors import Rejected

Scalar = str | int | float | bool
Value = Scalar | list[Scalar]


@dataclass(frozen=True, slots=True)
class Header:
    """What the header lines of a table say."""

    separator: str
    set_separator: str
    empty: str
    unset: str
    path: str
    fields: tuple[str, ...]
    types: tuple[str, ...]


def header_of(preamble: str) -> Header | None:
    """Return what the header lines say; None where they name no fields."""
    words = dict(_words(preamble))
    fields = words.get("fields")
    if not fields:
        return None
    types = words.get("types", ())
    return Header(
        separator=_separator(preamble),
        set_separator=_first(words, "set_separator", ","),
        empty=_first(words, "empty_field", "(empty)"),
        unset=_first(words, "unset_field", "-"),
        path=_first(words, "path", "").lower(),
        fields=fields,
        types=types if len(types) == len(fields) else ("string",) * len(fields),
    )


def fields_of(row: str, header: Header) -> dict[str, Value]:
    """Return the named, typed values of a row; what is unset is left out.

    Raises:
        Rejected: it has another number of columns than the header.
    """
    columns = row.split(header.separator)
    if len(columns) != len(header.fields):
        raise Rejected(f"a row of {len(columns)} columns under a header of {len(header.fields)}")
    named = zip(header.fields, header.types, columns, strict=True)
    return {name: _value(text, kind, header) for name, kind, text in named if text != header.unset}


def _words(preamble: str) -> list[tuple[str, tuple[str, ...]]]:
    separator = _separator(preamble)
    lines = (line[1:].split(separator) for line in preamble.splitlines() if line.startswith("#"))
    return [(line[0], tuple(line[1:])) for line in lines]


def _separator(preamble: str) -> str:
    r"""Return the separator, which the first line gives as ``\x09`` or as the character itself."""
    text = preamble.partition("\n")[0].removeprefix("#separator ")
    if text.startswith("\\x") and len(text) == 4:
        try:
            return chr(int(text[2:], 16))
        except ValueError:
            return "\t"
    return text if len(text) == 1 else "\t"


def _first(words: dict[str, tuple[str, ...]], name: str, default: str) -> str:
    values = words.get(name, ())
    return values[0] if values else default


def _value(text: str, kind: str, header: Header) -> Value:
    container, bracket, inner = kind.partition("[")
    if bracket and container in ("set", "vector"):
        parts = [] if text in (header.empty, "") else text.split(header.set_separator)
        return [_scalar(part, inner.rstrip("]")) for part in parts if part != header.unset]
    return "" if text == header.empty else _scalar(text, kind)


def _scalar(text: str, kind: str) -> Scalar:
    convert = _CONVERSIONS.get(kind)
    if convert is None:
        return text
    try:
        return convert(text)
    except ValueError:
        return text


def _truth(text: str) -> bool:
    if text not in ("T", "F"):
        raise ValueError(text)
    return text == "T"


_CONVERSIONS: Final[dict[str, Callable[[str], Scalar]]] = {
    "time": float, "interval": float, "double": float, "count": int, "int": int, "port": int, "bool": _truth,
}  # fmt: skip
