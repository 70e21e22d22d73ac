"""What the Sigma specification 2 says of values, modifiers, lists and conditions, one line per sentence.

A row is (what it shows, the search, the event, whether it fires).
"""

import base64
from typing import Any

import pytest

from tests.unit.match.sigma_rules import fires, rule_text, selection

Row = tuple[str, Any, dict[str, Any], bool]


def _encoded(text: str, offset: int = 0) -> str:
    return base64.b64encode(b"x" * offset + text.encode() + b"y").decode()


STRINGS: list[Row] = [
    ("strings are compared whole", {"f": "abc"}, {"f": "abc"}, True),
    ("a part is not the whole", {"f": "abc"}, {"f": "xabcx"}, False),
    ("case does not count", {"f": "AbC"}, {"f": "aBc"}, True),
    ("nor beyond ASCII", {"f": "ÄÖ"}, {"f": "äö"}, True),
    ("field names are exact", {"f": "abc"}, {"F": "abc"}, False),
    ("a missing field has no value", {"f": "abc"}, {}, False),
    ("* stands for any text", {"f": "a*c"}, {"f": "abbbc"}, True),
    ("* stands for no text too", {"f": "a*c"}, {"f": "ac"}, True),
    ("* stands for line ends too", {"f": "a*c"}, {"f": "a\r\nc"}, True),
    ("? stands for one character", {"f": "a?c"}, {"f": "abc"}, True),
    ("? stands for exactly one", {"f": "a?c"}, {"f": "ac"}, False),
    ("? is one character of any alphabet", {"f": "a?c"}, {"f": "aäc"}, True),
    ("an escaped * is itself", {"f": r"a\*c"}, {"f": "a*c"}, True),
    ("an escaped * is no wildcard", {"f": r"a\*c"}, {"f": "abc"}, False),
    ("an escaped ? is itself", {"f": r"a\?c"}, {"f": "a?c"}, True),
    ("a lone backslash is itself", {"f": r"C:\Windows"}, {"f": "C:\\Windows"}, True),
    ("a doubled backslash is one", {"f": r"C:\\Windows"}, {"f": "C:\\Windows"}, True),
    ("a backslash before a wildcard is doubled", {"f": r"C:\\*"}, {"f": "C:\\x"}, True),
    ("a wildcard keeps the rest literal", {"f": "a.*c"}, {"f": "abc"}, False),
    ("* alone asks for something", {"f": "*"}, {"f": "x"}, True),
    ("* alone is not met by emptiness", {"f": "*"}, {"f": ""}, False),
    ("* alone is not met by absence", {"f": "*"}, {}, False),
    ("** is * as well", {"f": "**"}, {"f": "x"}, True),
    ("wildcards at both ends", {"f": "*b*"}, {"f": "abc"}, True),
    ("several wildcards keep their order", {"f": "*a*b*"}, {"f": "xbxax"}, False),
    ("several wildcards", {"f": "*a*b*"}, {"f": "xaxbx"}, True),
    ("a pattern ends where it says", {"f": "a*b?"}, {"f": "axbxx"}, False),
]

EMPTY: list[Row] = [
    ("'' is the empty string", {"f": ""}, {"f": ""}, True),
    ("'' is not absence", {"f": ""}, {}, False),
    ("'' is not null", {"f": ""}, {"f": None}, False),
    ("null is absence", {"f": None}, {}, True),
    ("null is JSON's null", {"f": None}, {"f": None}, True),
    ("null is not the empty string", {"f": None}, {"f": ""}, False),
    ("null is an empty list", {"f": None}, {"f": []}, True),
    ("null is a list of nulls", {"f": None}, {"f": [None]}, True),
    ("null among values", {"f": [None, "a"]}, {}, True),
    ("exists", {"f|exists": True}, {"f": ""}, True),
    ("exists not", {"f|exists": True}, {}, False),
    ("null does not exist", {"f|exists": True}, {"f": None}, False),
    ("absence asked for", {"f|exists": False}, {}, True),
    ("absence asked for, present", {"f|exists": False}, {"f": 0}, False),
]

NUMBERS: list[Row] = [
    ("a number is a number", {"f": 5}, {"f": 5}, True),
    ("or its text", {"f": 5}, {"f": "5"}, True),
    ("a text is the number", {"f": "5"}, {"f": 5}, True),
    ("5.0 is 5", {"f": 5}, {"f": 5.0}, True),
    ("another number is not", {"f": 5}, {"f": 55}, False),
    ("true is true", {"f": True}, {"f": True}, True),
    ("or its text, as Windows writes it", {"f": True}, {"f": "True"}, True),
    ("false is not true", {"f": True}, {"f": False}, False),
    ("a text may say it", {"f": "true"}, {"f": True}, True),
    ("true is not 1", {"f": True}, {"f": 1}, False),
    ("a number's part", {"f|contains": "68"}, {"f": 4688}, True),
    ("a number begins", {"f|startswith": "46"}, {"f": 4688}, True),
    ("negative", {"f": -1}, {"f": "-1"}, True),
    ("less", {"f|lt": 5}, {"f": 4}, True),
    ("less is not equal", {"f|lt": 5}, {"f": 5}, False),
    ("at most", {"f|lte": 5}, {"f": 5}, True),
    ("more", {"f|gt": 5}, {"f": "6"}, True),
    ("more is not equal", {"f|gt": 5}, {"f": 5}, False),
    ("at least", {"f|gte": 5}, {"f": 5.5}, True),
    ("a hexadecimal number", {"f|gte": 16}, {"f": "0x10"}, True),
    ("a word is not comparable", {"f|gte": 0}, {"f": "many"}, False),
    ("absence is not comparable", {"f|lt": 5}, {}, False),
]

PARTS: list[Row] = [
    ("contains", {"f|contains": "bc"}, {"f": "aBCd"}, True),
    ("contains not", {"f|contains": "bd"}, {"f": "abcd"}, False),
    ("contains with a wildcard", {"f|contains": "a*d"}, {"f": "xabcdx"}, True),
    ("starts", {"f|startswith": "ab"}, {"f": "ABc"}, True),
    ("starts not", {"f|startswith": "bc"}, {"f": "abc"}, False),
    ("ends", {"f|endswith": "bc"}, {"f": "aBC"}, True),
    ("ends not", {"f|endswith": "ab"}, {"f": "abc"}, False),
    ("cased", {"f|cased": "Ab"}, {"f": "Ab"}, True),
    ("cased, otherwise", {"f|cased": "Ab"}, {"f": "ab"}, False),
    ("contains, cased", {"f|contains|cased": "Ab"}, {"f": "xAbx"}, True),
    ("contains, cased, otherwise", {"f|contains|cased": "Ab"}, {"f": "xabx"}, False),
    ("a wildcard, cased", {"f|cased": "A*b?"}, {"f": "Axxbc"}, True),
    ("a wildcard, cased, otherwise", {"f|cased": "A*b?"}, {"f": "axxbc"}, False),
]

LISTS: list[Row] = [
    ("one of a list", {"f": ["a", "b"]}, {"f": "b"}, True),
    ("none of a list", {"f": ["a", "b"]}, {"f": "c"}, False),
    ("all of a list", {"f|contains|all": ["a", "b"]}, {"f": "xbxa"}, True),
    ("not all of a list", {"f|contains|all": ["a", "b"]}, {"f": "xb"}, False),
    ("any element", {"f": "b"}, {"f": ["a", "b"]}, True),
    ("no element", {"f": "b"}, {"f": ["a", "c"]}, False),
    ("all, each by any element", {"f|contains|all": ["a", "b"]}, {"f": ["xa", "xb"]}, True),
    ("an element within elements", {"f": "b"}, {"f": [["a"], ["b"]]}, True),
    ("all fields of a mapping", {"f": "a", "g": "b"}, {"f": "a", "g": "b"}, True),
    ("one field of a mapping is not all", {"f": "a", "g": "b"}, {"f": "a"}, False),
    ("one of several mappings", [{"f": "a"}, {"g": "b"}], {"g": "b"}, True),
    ("none of several mappings", [{"f": "a"}, {"g": "b"}], {"f": "b"}, False),
]

NESTED: list[Row] = [
    ("a path", {"a.b": "x"}, {"a": {"b": "x"}}, True),
    ("a name with a dot comes first", {"a.b": "x"}, {"a.b": "x", "a": {"b": "y"}}, True),
    ("a path through a list", {"a.b": "x"}, {"a": [{"b": "y"}, {"b": "x"}]}, True),
    ("a path that ends early", {"a.b": "x"}, {"a": "x"}, False),
    ("a path to an object is its JSON", {"a|contains": '"b":"x"'}, {"a": {"b": "x"}}, True),
    ("a path to nothing", {"a.b": None}, {"a": {}}, True),
]

MODIFIERS: list[Row] = [
    ("a regular expression is found anywhere", {"f|re": "b+"}, {"f": "abbc"}, True),
    ("it keeps case", {"f|re": "B+"}, {"f": "abbc"}, False),
    ("unless told", {"f|re|i": "B+"}, {"f": "abbc"}, True),
    ("unless told inside", {"f|re": "(?i)B+"}, {"f": "abbc"}, True),
    ("an anchor", {"f|re": "^b"}, {"f": "abb"}, False),
    ("an anchor per line", {"f|re|m": "^b"}, {"f": "a\nb"}, True),
    ("a point is no line end", {"f|re": "a.b"}, {"f": "a\nb"}, False),
    ("unless told so", {"f|re|s": "a.b"}, {"f": "a\nb"}, True),
    ("look-ahead, which RE2 refuses", {"f|re": "a(?=b)"}, {"f": "ab"}, True),
    ("look-ahead that fails", {"f|re": "a(?=b)"}, {"f": "ac"}, False),
    ("a number as text", {"f|re": "^46"}, {"f": 4688}, True),
    ("an address in a network", {"f|cidr": "10.0.0.0/8"}, {"f": "10.1.2.3"}, True),
    ("an address outside", {"f|cidr": "10.0.0.0/8"}, {"f": "11.1.2.3"}, False),
    ("version 6", {"f|cidr": "2001:db8::/32"}, {"f": "2001:db8::1"}, True),
    ("version 6 outside", {"f|cidr": "2001:db8::/32"}, {"f": "2001:db9::1"}, False),
    ("version 4 in version 6, as Windows writes it", {"f|cidr": "10.0.0.0/8"}, {"f": "::ffff:10.1.2.3"}, True),
    ("one network of two", {"f|cidr": ["10.0.0.0/8", "fc00::/7"]}, {"f": "fd00::1"}, True),
    ("no address", {"f|cidr": "0.0.0.0/0"}, {"f": "host"}, False),
    ("another field's value", {"f|fieldref": "g"}, {"f": "Ab", "g": "aB"}, True),
    ("not another field's value", {"f|fieldref": "g"}, {"f": "a", "g": "b"}, False),
    ("two absent fields are not equal", {"f|fieldref": "g"}, {}, False),
    ("contains another field's value", {"f|fieldref|contains": "g"}, {"f": "xabx", "g": "ab"}, True),
    ("starts with another field's value", {"f|fieldref|startswith": "g"}, {"f": "abx", "g": "ab"}, True),
    ("ends with another field's value", {"f|fieldref|endswith": "g"}, {"f": "abx", "g": "ab"}, False),
    ("a dash", {"f|contains|windash": " -a"}, {"f": "x -a"}, True),
    ("a slash for the dash", {"f|contains|windash": " -a"}, {"f": "x /a"}, True),
    ("a long dash for the dash", {"f|contains|windash": " -a"}, {"f": "x \u2013a"}, True),
    ("no dash", {"f|contains|windash": " -a"}, {"f": "x a"}, False),
    ("base64", {"f|base64|contains": "foobar"}, {"f": f"x{base64.b64encode(b'foobar').decode()}x"}, True),
    ("base64 at any offset", {"f|base64offset|contains": "foobar"}, {"f": _encoded("foobar", 0)}, True),
    ("base64 at offset 1", {"f|base64offset|contains": "foobar"}, {"f": _encoded("foobar", 1)}, True),
    ("base64 at offset 2", {"f|base64offset|contains": "foobar"}, {"f": _encoded("foobar", 2)}, True),
    ("base64 of another text", {"f|base64offset|contains": "foobar"}, {"f": _encoded("foobaz", 1)}, False),
    (
        "base64 of UTF-16",
        {"f|wide|base64offset|contains": "ping"},
        {"f": base64.b64encode("xping".encode("utf-16-le")).decode()},
        True,
    ),
    ("not equal", {"f|neq": "a"}, {"f": "b"}, True),
    ("not equal, equal", {"f|neq": "a"}, {"f": "A"}, False),
    ("not equal, absent", {"f|neq": "a"}, {}, True),
    ("not equal to any", {"f|neq": ["a", "b"]}, {"f": "b"}, False),
    ("the hour of a time", {"f|hour": 3}, {"f": "2024-05-01T03:30:00Z"}, True),
    ("the hour is UTC's", {"f|hour": 3}, {"f": "2024-05-01T05:30:00+02:00"}, True),
    ("another hour", {"f|hour": 3}, {"f": "2024-05-01T04:30:00Z"}, False),
    ("no time", {"f|hour": 3}, {"f": "three"}, False),
    ("the week of a time", {"f|week": 18}, {"f": "2024-05-01 03:30:00"}, True),
]

KEYWORDS: list[Row] = [
    ("a keyword in any value", ["evil"], {"a": "x", "b": "so Evil!"}, True),
    ("in a list", ["evil"], {"a": ["x", "evil"]}, True),
    ("deep inside", ["evil"], {"a": {"b": [{"c": "evil"}]}}, True),
    ("in no value", ["evil"], {"evil": "x"}, False),
    ("not across values", ["evil"], {"a": "ev", "b": "il"}, False),
    ("one of them", ["evil", "bad"], {"a": "bad"}, True),
    ("all of them", {"|all": ["evil", "bad"]}, {"a": "bad", "b": "evil"}, True),
    ("not all of them", {"|all": ["evil", "bad"]}, {"a": "bad"}, False),
    ("a number", [4688], {"a": 4688}, True),
    ("with a wildcard", ["e*l"], {"a": "so evil!"}, True),
    ("as a regular expression", {"|re": "e.il"}, {"a": "so evil!"}, True),
    ("cased", {"|cased": "Evil"}, {"a": "evil"}, False),
]


@pytest.mark.parametrize(
    ("search", "event", "expected"),
    [
        pytest.param(search, event, expected, id=what)
        for rows in (STRINGS, EMPTY, NUMBERS, PARTS, LISTS, NESTED, MODIFIERS, KEYWORDS)
        for what, search, event, expected in rows
    ],
)
def test_a_search(search: Any, event: dict[str, Any], expected: bool) -> None:
    assert fires(selection(search), event) is expected


CONDITIONS = [
    ("a and b", {"x": 1, "y": 1}, True),
    ("a and b", {"x": 1}, False),
    ("a or b", {"y": 1}, True),
    ("a or b", {}, False),
    ("not a", {}, True),
    ("not a", {"x": 1}, False),
    ("a and not b", {"x": 1}, True),
    ("a and not b", {"x": 1, "y": 1}, False),
    ("a or b and c", {"x": 1}, True),
    ("(a or b) and c", {"x": 1}, False),
    ("not a or b", {"x": 1, "y": 1}, True),
    ("not (a or b)", {"y": 1}, False),
    ("1 of them", {"z": 1}, True),
    ("1 of them", {}, False),
    ("all of them", {"x": 1, "y": 1, "z": 1}, True),
    ("all of them", {"x": 1, "y": 1}, False),
    ("1 of a*", {"x": 1}, True),
    ("1 of a*", {"y": 1}, False),
    ("any of b*", {"y": 1}, True),
    ("all of a* and not 1 of b*", {"x": 1}, True),
]


@pytest.mark.parametrize(("condition", "event", "expected"), CONDITIONS)
def test_a_condition(condition: str, event: dict[str, Any], expected: bool) -> None:
    assert fires(rule_text({"a": {"x": 1}, "b": {"y": 1}, "c": {"z": 1}, "condition": condition}), event) is expected


def test_several_conditions_are_alternatives() -> None:
    text = rule_text({"a": {"x": 1}, "b": {"y": 1}, "condition": ["a", "b"]})
    assert fires(text, {"y": 1})
    assert not fires(text, {})


@pytest.mark.parametrize(("host", "expected"), [("dc1", True), ("DC2", True), ("dc3", False)])
def test_a_placeholder_stands_for_the_configured_values(host: str, expected: bool) -> None:
    assert fires(selection({"f|expand": "%controllers%"}), {"f": host}, {"controllers": ["dc1", "dc2"]}) is expected


def test_a_placeholder_within_a_text() -> None:
    text = selection({"f|endswith|expand": r"\%tools%.exe"})
    assert fires(text, {"f": r"C:\nmap.exe"}, {"tools": ["psexec", "nmap"]})
    assert not fires(text, {"f": r"C:\nmap.dll"}, {"tools": ["psexec", "nmap"]})


FILTER = """
title: Known software
logsource: {product: test}
filter:
  rules: %s
  known: {path|startswith: 'C:\\Known\\'}
  condition: not known
"""


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("[5b1d6f0a-0000-4000-8000-000000000001]", "C:\\Known\\a", False),
        ("[5b1d6f0a-0000-4000-8000-000000000001]", "C:\\Else\\a", True),
        ("[5b1d6f0a-0000-4000-8000-000000000002]", "C:\\Known\\a", True),
        ("any", "C:\\Known\\a", False),
    ],
)
def test_a_filter_changes_the_rules_that_it_names(rules: str, path: str, expected: bool) -> None:
    from tests.unit.match.sigma_rules import engine, headers

    given = engine(selection({"f": "x"}), FILTER % rules)
    assert bool(given.match({"f": "x", "path": path}, headers())) is expected
