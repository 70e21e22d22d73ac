"""From what a rule asks to the bytes without which it cannot hold."""

import pytest

from services.detect.match.core.tree import Both, Either, Exists, How, Node, Not, Regex, Text, Wildcard
from services.detect.match.fast.expressions import runs_of
from services.detect.match.fast.pieces import options_of
from services.detect.match.fast.witness import witness

PIECES = {
    "within a value": ("Invoke-Thing", How.CONTAINS, [{b"invoke-thing"}]),
    "a whole value": ("whoami", How.EQUALS, [{b'"whoami"'}]),
    "its end": ("\\whoami.exe", How.ENDS, [{b'\\\\whoami.exe"'}]),
    "its beginning": ("c:\\temp", How.STARTS, [{b'"c:\\\\temp'}]),
    "within: a string escapes, an object's JSON does not again": ("\\temp\\", How.CONTAINS, [{b"\\\\temp\\\\", b"\\temp\\"}]),
    "cut at quotes, and at colons beside them": ('"name":"bob"', How.CONTAINS, [{b"name"}, {b"bob"}]),
    "cut at brackets and commas": ("[net.dns],abc", How.CONTAINS, [{b"net.dns"}, {b"abc"}]),
    "cut at what folds otherwise": ("caf\u00e9 noir", How.CONTAINS, [{b"caf"}, {b" noir"}]),
    "what has no case is its bytes": ("\U0001f600 ok", How.CONTAINS, [{"\U0001f600 ok".encode()}]),
    "half a pair has none": ("abc\ud800def", How.CONTAINS, [{b"abc"}, {b"def"}]),
    "a number is written in many ways": ("4688", How.EQUALS, []),
    "so is a part of one": ("1e3", How.CONTAINS, []),
    "true stands without quotes": ("true", How.EQUALS, [{b"true"}]),
    "too short": ("a", How.CONTAINS, []),
    "nothing": ("", How.EQUALS, []),
}  # fmt: skip


@pytest.mark.parametrize(("needle", "how", "options"), PIECES.values(), ids=PIECES.keys())
def test_what_of_a_text_must_be_there(needle: str, how: How, options: list[set[bytes]]) -> None:
    assert [set(option) for option in options_of(needle, how)] == options


EXPRESSIONS = {
    "plain": (r"foo\.bar", "", [{"foo.bar"}]),
    "around what may be anything": (r"foo.*bar\d+baz", "", [{"foo"}, {"bar"}, {"baz"}]),
    "one of several": (r"(?:alpha|beta)x", "", [{"alpha", "beta"}, {"x"}]),
    "nothing of what may be left out": (r"(?:abc)?def", "", [{"def"}]),
    "at least once": (r"(?:abc)+", "", [{"abc"}]),
    "either case": (r"[Aa][Bb]c", "", [{"abc"}]),
    "no case": (r"ABC", "i", [{"abc"}]),
    "not what must not follow": (r"abc(?!def)", "", [{"abc"}]),
    "another dialect": (r"[[:alpha:]]x", "", []),
    "no expression": (r"(", "", []),
}


@pytest.mark.parametrize(("pattern", "flags", "runs"), EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_what_of_an_expression_must_be_there(pattern: str, flags: str, runs: list[set[str]]) -> None:
    assert [set(one) for one in runs_of(pattern, flags)] == runs


RARE, COMMON = Text("a", How.CONTAINS, ("mimikatz",)), Text("b", How.CONTAINS, ("windows",))
TREES: dict[str, tuple[Node, set[bytes] | None]] = {
    "the rarest of what must hold together": (Both((COMMON, RARE)), {b"mimikatz"}),
    "all of what may hold alone": (Either((COMMON, RARE)), {b"windows", b"mimikatz"}),
    "nothing of what must not hold": (Both((Not(RARE), COMMON)), {b"windows"}),
    "nothing where one alternative has none": (Either((RARE, Exists("a", True))), None),
    "nothing of a negation": (Not(RARE), None),
    "between wildcards": (Wildcard("a", r"c:\\\\users\\\\.*evil.*\.exe".replace("\\\\\\\\", "\\\\")), {b"evil"}),
    "of an expression": (Regex("a", r"\d+sekurlsa\d+"), {b"sekurlsa"}),
}


@pytest.mark.parametrize(("node", "literals"), TREES.values(), ids=TREES.keys())
def test_what_stands_for_a_rule(node: Node, literals: set[bytes] | None) -> None:
    found = witness(node, lambda literal: 0.001 if literal in {b"mimikatz", b"evil", b"sekurlsa"} else 0.5)
    assert (None if found is None else set(found.literals)) == literals
