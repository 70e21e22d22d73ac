r"""Regular expressions: RE2, whose time is linear whatever the text, and Python's own for what RE2 does not know.

Look-around and back-references exist in Python's engine alone. The patterns that need them are named in the report of
``rules check``, because their time is not bounded by the length of a hostile text; they see a text's first 64 Ki characters.
RE2 differs from Python's engine in two ways: ``$`` is the very end of the text, and ``\d \s \w`` are ASCII.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, cast

import re2
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RegexEngine, RegexPattern

Found = Callable[[str], bool]
MAX_BACKTRACKING: Final = 64 * 1024
_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_SPECIAL = frozenset("\\.+*?()|[]{}^$")


class BadPattern(ValueError):
    """Neither engine takes the expression."""


class EitherEngine(RegexEngine):
    """What pySigma checks regular expressions with: it takes what RE2 or Python's engine takes."""

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        """Return the compiled expression.

        Raises:
            BadPattern: neither takes it.
        """
        names = "".join(name for name, flag in _FLAGS.items() if flags & flag)
        whole = f"(?{names}){pattern}" if names else pattern
        try:
            return cast(RegexPattern, _re2(whole))
        except re2.error:
            return cast(RegexPattern, _python(whole))

    @property
    def error(self) -> type[Exception]:
        """What ``compile`` raises."""
        return BadPattern


POLICY: Final = SigmaPolicy(regex_engine=EitherEngine())


@lru_cache(maxsize=16_384)
def compiled(pattern: str, flags: str = "") -> Found:
    """Return whether ``pattern`` is found in a text, under ``flags`` (of `ims`).

    Raises:
        BadPattern: it is no regular expression.
    """
    whole = f"(?{flags}){pattern}" if flags else pattern
    linear = _linear(whole)
    return _backtracking(whole) if linear is None else linear


def needs_backtracking(pattern: str, flags: str = "") -> bool:
    """Return whether RE2 refuses ``pattern``."""
    return _linear(f"(?{flags}){pattern}" if flags else pattern) is None


@lru_cache(maxsize=16_384)
def fits(pattern: str) -> Found:
    """Return whether a whole text fits ``pattern``, where ``.`` is any character, a newline too."""
    match = _re2(f"(?s){pattern}").fullmatch
    return lambda text: match(text.encode("utf-8", "replace")) is not None


def escaped(text: str) -> str:
    """Return ``text`` as a pattern that fits it alone."""
    return "".join(f"\\{char}" if char in _SPECIAL else "\\x00" if char == "\0" else char for char in text)


def _re2(pattern: str) -> Any:  # noqa: ANN401 - the binding has no types
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    return re2.compile(pattern, options)  # type: ignore[no-untyped-call]


def _linear(pattern: str) -> Found | None:
    try:
        search = _re2(pattern).search
    except re2.error:
        return None
    return lambda text: search(text.encode("utf-8", "replace")) is not None


def _backtracking(pattern: str) -> Found:
    search = _python(pattern).search
    return lambda text: search(text[:MAX_BACKTRACKING]) is not None


def _python(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadPattern(f"regular expression {pattern!r}: {error}") from error
