"""The compatibility gate: which change of a published schema breaks whom, and how a version is released deliberately."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas import compatibility_gate, publish
from schemas.compatibility import Comparison
from schemas.compatibility_gate import CURE, Refused, last_release, problems, release

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def released(tmp_path: Path) -> Path:
    release("1.2.0", publish.contents(), tmp_path)
    return tmp_path


def changed(name: str, change: Change) -> dict[str, Any]:
    """What is published, with one schema changed in place."""
    contents = copy.deepcopy(dict(publish.contents()))
    change(contents[name])
    return contents


def field(schema: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = schema["properties"][name]
    return found


def test_this_tree_breaks_nothing_that_was_released() -> None:
    assert last_release() is not None
    assert problems(publish.contents()) == [], CURE


OPTIONAL = {"type": "string", "default": ""}

COMPATIBLE: list[tuple[str, str, Change]] = [
    ("an optional property more", "holds", lambda s: s["properties"].update(note=OPTIONAL)),
    ("an optional property more", "decisions", lambda s: s["properties"].update(note=OPTIONAL)),
    ("an optional property more", "facts", lambda s: s["$defs"]["SessionOpened"]["properties"].update(note=OPTIONAL)),
    ("an optional section more", "tenant", lambda s: s["properties"].update(sla=OPTIONAL)),
    ("other words", "incidents", lambda s: s.update(description="other words", title="Other")),
    ("a verb more to say", "decisions", lambda s: s["$defs"]["Verb"]["enum"].append("postpone")),
    ("a wider bound of what we read", "tenant", lambda s: field(s, "hold_minutes").update(maximum=10**6)),
    ("a required setting no longer", "tenant", lambda s: s["required"].remove("slug")),
]


@pytest.mark.parametrize(
    ("what", "name", "change"), COMPATIBLE, ids=[f"{name}: {what}" for what, name, _ in COMPATIBLE]
)
def test_is_compatible(released: Path, what: str, name: str, change: Change) -> None:
    assert problems(changed(name, change), released) == []


BREAKING: list[tuple[str, Change, str]] = [
    ("holds", lambda s: s["properties"].pop("created_at"), "$.created_at: 1.2.0 knows it, this tree does not write it"),
    (
        "holds",
        lambda s: (s["properties"].update(note={"type": "string"}), s["required"].append("note")),
        "$.note: this tree requires it, 1.2.0 may leave it out",
    ),
    ("holds", lambda s: s["required"].remove("tenant"), "$.tenant: 1.2.0 requires it, this tree may leave it out"),
    (
        "holds",
        lambda s: s["$defs"]["HoldState"]["enum"].append("paused"),
        '$.state: 1.2.0 does not take the value "paused", which this tree may write',
    ),
    (
        "holds",
        lambda s: s["$defs"]["HoldState"]["enum"].remove("manual"),
        '$.state: this tree does not take the value "manual", which 1.2.0 may write',
    ),
    (
        "findings",
        lambda s: field(s, "time").update(type="string"),
        "$.time: 1.2.0 does not take string, which this tree may write",
    ),
    (
        "findings",
        lambda s: field(s, "severity_id").update(maximum=200),
        "$.severity_id: 1.2.0 wants maximum 6, this tree has 200",
    ),
    (
        "decisions",
        lambda s: s["$defs"]["Verb"]["enum"].remove("close"),
        '$.verb: this tree does not take the value "close", which 1.2.0 may write',
    ),
    ("decisions", lambda s: s["properties"].pop("reason"), "$.reason: this tree does not know it, 1.2.0 may write it"),
    (
        "decisions",
        lambda s: field(s, "subject").update(maxLength=5),
        "$.subject: this tree wants maxLength 5, 1.2.0 has no bound",
    ),
    (
        "modes",
        lambda s: s["required"].append("connector"),
        "$.connector: this tree requires it, 1.2.0 may leave it out",
    ),
    (
        "tenant",
        lambda s: field(s, "hold_minutes").update(maximum=60),
        "$.hold_minutes: this tree wants maximum 60, 1.2.0 has 43200",
    ),
    (
        "tenant",
        lambda s: s["$defs"]["Contact"]["properties"].pop("address"),
        "$.contacts[].address: this tree does not know it, 1.2.0 may write it",
    ),
    (
        "facts",
        lambda s: s["$defs"]["SessionOpened"]["properties"]["session"].update(type="integer"),
        "$.session: this tree does not take string, which 1.2.0 may write",
    ),
    (
        "asyncapi",
        lambda s: s["channels"]["holds"].update({"x-partition-by": "key"}),
        "$.channels.holds.x-partition-by: 1.2.0 has 'tenant', this tree has 'key'",
    ),
    ("asyncapi", lambda s: s["channels"].pop("modes"), "$.channels.modes: 1.2.0 has it, this tree has not"),
]


@pytest.mark.parametrize(("name", "change", "told"), BREAKING, ids=[f"{name} {told}" for name, _, told in BREAKING])
def test_breaks_and_the_message_says_where_and_whom(released: Path, name: str, change: Change, told: str) -> None:
    assert f"schemas/published/{name}.json {told}" in problems(changed(name, change), released)


def test_a_schema_that_is_gone_breaks(released: Path) -> None:
    contents = dict(publish.contents())
    del contents["holds"]
    assert problems(contents, released) == ["schemas/published/holds.json: 1.2.0 has it, this tree has not"]


def test_what_is_new_breaks_nobody(released: Path) -> None:
    assert problems({**publish.contents(), "cases": {"type": "object"}}, released) == []


def test_before_the_first_release_everything_may_change(tmp_path: Path) -> None:
    assert problems({}, tmp_path / "nothing") == []


def test_a_keyword_that_the_gate_does_not_know_must_stay_the_same() -> None:
    one, other = {"contains": {"type": "string"}}, {"contains": {"type": "integer"}}
    assert Comparison(one, one).breaks() == ()
    (found,) = Comparison(one, other).breaks()
    assert 'has contains {"type": "string"}' in found.what


def test_schemas_that_contain_themselves_are_compared() -> None:
    tree = {
        "$ref": "#/$defs/T",
        "$defs": {"T": {"type": "object", "properties": {"next": {"$ref": "#/$defs/T"}, "n": {"type": "integer"}}}},
    }
    other = copy.deepcopy(tree)
    assert Comparison(tree, other).breaks() == ()
    other["$defs"]["T"]["properties"]["n"]["type"] = "string"  # type: ignore[index] # JSON
    assert [one.path for one in Comparison(tree, other).breaks()] == ["$.n"]


class TestReleasing:
    def test_keeps_the_schemas_of_the_last_release_alone(self, released: Path) -> None:
        release("1.2.1", publish.contents(), released)
        assert [path.name for path in released.iterdir()] == ["1.2.1"]
        kept = {path.stem: json.loads(path.read_text()) for path in (released / "1.2.1").iterdir()}
        assert kept == publish.contents()

    @pytest.mark.parametrize("version", ["1.2.0", "1.1.9", "0.9.0"])
    def test_goes_upwards_only(self, released: Path, version: str) -> None:
        with pytest.raises(Refused, match="must be higher"):
            release(version, publish.contents(), released)

    @pytest.mark.parametrize("version", ["1.3", "v1.3.0", "1.3.0-rc1", "../1.3.0", ""])
    def test_wants_three_numbers(self, released: Path, version: str) -> None:
        with pytest.raises(Refused, match="is no version"):
            release(version, publish.contents(), released)

    @pytest.mark.parametrize(("last", "least"), [("1.2.0", "2.0.0"), ("0.2.1", "0.3.0")])
    def test_of_a_break_needs_a_version_that_says_so(self, tmp_path: Path, last: str, least: str) -> None:
        release(last, publish.contents(), tmp_path)
        broken = changed("holds", lambda s: s["properties"].pop("created_at"))
        with pytest.raises(Refused, match=f"must be {least} or higher"):
            release(f"{last[:-1]}9", broken, tmp_path)
        release(least, broken, tmp_path)
        assert problems(broken, tmp_path) == []


def test_the_command_says_what_breaks_and_how_to_break_it(
    released: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = changed("holds", lambda s: s["properties"].pop("created_at"))
    monkeypatch.setattr(publish, "problems", lambda _: compatibility_gate.problems(broken, released))
    assert publish.main(["--check"]) == 1
    told = capsys.readouterr().err
    assert "schemas/published/holds.json $.created_at: 1.2.0 knows it" in told
    assert "python -m schemas.publish --release <version>" in told


def test_the_command_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert publish.main(["--frobnicate"]) == 2
    assert "[--check | --release <version>]" in capsys.readouterr().err
