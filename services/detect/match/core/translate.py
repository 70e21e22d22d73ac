"""From pySigma's condition tree to ours. Modifiers that only shape values (windash, base64offset, wide) are done by pySigma.

``expand``: a placeholder stands for the values that the configuration lists under its name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import cast

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from services.detect.match.core.patterns import compiled, escaped
from services.detect.match.core.tree import (
    Both,
    Cidr,
    Compare,
    Either,
    Exists,
    Filled,
    How,
    Node,
    Not,
    Operator,
    Part,
    Reference,
    Regex,
    Text,
    TimePart,
    Wildcard,
)
from services.detect.match.core.view import text_of

Placeholders = Mapping[str, Sequence[str]]
_ANY = SpecialChars.WILDCARD_MULTI
_FLAGS = {"IGNORECASE": "i", "MULTILINE": "m", "DOTALL": "s"}


class Untranslatable(Exception):
    """The rule asks something that this engine cannot answer; the text says what."""


class NeedsPlaceholder(Untranslatable):
    """The rule names a placeholder that the configuration does not define."""

    def __init__(self, name: str) -> None:
        super().__init__(f"placeholder %{name}% is not configured (placeholders: {{{name}: [...]}})")
        self.name = name


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates conditions, given what the placeholders stand for."""

    placeholders: Placeholders

    def node(self, condition: object) -> Node:
        """Return the tree of one parsed condition.

        Raises:
            Untranslatable: a value is of a kind that this engine does not know.
            NeedsPlaceholder: a placeholder is not configured.
        """
        if isinstance(condition, ConditionAND):
            return Both(tuple(self.node(part) for part in condition.args))
        if isinstance(condition, ConditionOR):
            return either(self.node(part) for part in condition.args)
        if isinstance(condition, ConditionNOT):
            return Not(self.node(condition.args[0]))
        if isinstance(condition, ConditionFieldEqualsValueExpression):
            return self._value(condition.field, condition.value)
        if isinstance(condition, ConditionValueExpression):
            return self._value(None, condition.value)
        raise Untranslatable(f"condition of unknown kind {type(condition).__name__}")

    def _value(self, field: str | None, value: SigmaType) -> Node:
        if isinstance(value, SigmaExpansion):
            return either(self._value(field, part) for part in value.values)
        if isinstance(value, SigmaString):
            return either(_string(field, part) for part in self._filled_in(value))
        if isinstance(value, SigmaRegularExpression):
            return either(_regex(field, part) for part in self._regexes(value))
        if field is None:
            return _keyword(value)
        return _fielded(field, value)

    def _filled_in(self, value: SigmaString) -> Iterable[SigmaString]:
        if not value.contains_placeholder():
            return [value]
        whole = value.replace_placeholders(self._replacements)
        kind = type(value)
        return [kind.from_sigma_string(part) if issubclass(kind, SigmaCasedString) else part for part in whole]

    def _regexes(self, value: SigmaRegularExpression) -> Iterable[SigmaRegularExpression]:
        return value.replace_placeholders(self._replacements) if value.contains_placeholder() else [value]

    def _replacements(self, placeholder: Placeholder) -> Iterator[str]:
        values = self.placeholders.get(placeholder.name)
        if not values:
            raise NeedsPlaceholder(placeholder.name)
        return iter(values)


def either(parts: Iterable[Node]) -> Node:
    """Return the disjunction, texts that differ in their needles alone as one leaf."""
    texts: dict[tuple[str | None, How, bool], list[str]] = {}
    rest: list[Node] = []
    for part in parts:
        if isinstance(part, Text):
            texts.setdefault((part.field, part.how, part.cased), []).extend(part.needles)
        else:
            rest.extend(part.parts if isinstance(part, Either) else (part,))
    leaves = [Text(field, how, tuple(dict.fromkeys(needles)), cased) for (field, how, cased), needles in texts.items()]
    whole = (*leaves, *rest)
    return whole[0] if len(whole) == 1 else Either(whole)


def _string(field: str | None, value: SigmaString) -> Node:
    cased = isinstance(value, SigmaCasedString)
    parts = [part if cased or not isinstance(part, str) else part.lower() for part in _joined(value.s)]
    if field is None:
        parts = _unanchored(parts)
    literals = [part for part in parts if isinstance(part, str)]
    if not parts:
        return Text(field, How.EQUALS, ("",), cased)
    if all(part is _ANY for part in parts):
        return Filled(field)
    if len(literals) == 1 and all(part is _ANY for part in parts if not isinstance(part, str)):
        return Text(field, _how(parts[0] is _ANY, parts[-1] is _ANY), (literals[0],), cased)
    return Wildcard(field, "".join(_as_pattern(part) for part in parts), cased)


def _joined(parts: Iterable[object]) -> list[str | SpecialChars]:
    joined: list[str | SpecialChars] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif isinstance(part, str | SpecialChars) and not (part is _ANY and joined and joined[-1] is _ANY):
            joined.append(part)
    return joined


def _unanchored(parts: list[str | SpecialChars]) -> list[str | SpecialChars]:
    """A keyword is found anywhere in a value."""
    return _joined([_ANY, *parts, _ANY])


def _how(open_start: bool, open_end: bool) -> How:
    if open_start:
        return How.CONTAINS if open_end else How.ENDS
    return How.STARTS if open_end else How.EQUALS


def _as_pattern(part: str | SpecialChars) -> str:
    if isinstance(part, str):
        return escaped(part)
    return ".*" if part is _ANY else "."


def _regex(field: str | None, value: SigmaRegularExpression) -> Regex:
    flags = "".join(sorted(_FLAGS[flag.name] for flag in value.flags))
    pattern = str(value.regexp)
    compiled(pattern, flags)
    return Regex(field, pattern, flags)


def _keyword(value: SigmaType) -> Node:
    if isinstance(value, SigmaNumber | SigmaBool):
        return Text(None, How.CONTAINS, (_plain(value),))
    raise Untranslatable(f"a keyword cannot be of kind {type(value).__name__}")


def _plain(value: SigmaNumber | SigmaBool) -> str:
    return text_of(value.number if isinstance(value, SigmaNumber) else value.boolean).lower()


def _time_part(field: str, value: SigmaTimestampPart) -> Node:
    return TimePart(field, cast(Part, value.timestamp_part.name.lower()), int(value.number))


def _compare(field: str, value: SigmaCompareExpression) -> Node:
    return Compare(field, cast(Operator, value.op.name.lower()), float(value.number.number))


def _reference(field: str, value: SigmaFieldReference) -> Node:
    return Reference(field, value.field, _how(value.ends_with, value.starts_with))


def _fielded(field: str, value: SigmaType) -> Node:  # noqa: PLR0911 - one line per kind of value that Sigma knows
    if isinstance(value, SigmaTimestampPart):
        return _time_part(field, value)
    if isinstance(value, SigmaNumber | SigmaBool):
        return Text(field, How.EQUALS, (_plain(value),))
    if isinstance(value, SigmaNull):
        return Exists(field, wanted=False)
    if isinstance(value, SigmaExists):
        return Exists(field, wanted=bool(value))
    if isinstance(value, SigmaCIDRExpression):
        return Cidr(field, ip_network(value.cidr, strict=False))
    if isinstance(value, SigmaFieldReference):
        return _reference(field, value)
    if isinstance(value, SigmaCompareExpression):
        return _compare(field, value)
    raise Untranslatable(f"a value cannot be of kind {type(value).__name__}")
