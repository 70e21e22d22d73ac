"""What every playbook promises, and what is refused when it is loaded. Found by its file."""

from pathlib import Path

import pytest

from runtime.errors import ConfigError
from schemas.control import Control
from schemas.entity import Authority, EntityType, Role
from services.respond.playbook_files import BUILT_IN, load_playbooks
from services.respond.plugins import load_guards
from tests.unit.respond.incidents import account, entity, host, incident

GUARDS = load_guards()
PLAYBOOKS = {playbook.name: playbook for playbook in load_playbooks(GUARDS)}
GOOD = (BUILT_IN / "contain_host.yml").read_text()
FILES = sorted(path.stem for path in BUILT_IN.glob("*.yml"))


@pytest.mark.parametrize("name", FILES)
def test_it_is_named_as_its_file_and_every_step_ends(name: str) -> None:
    playbook = PLAYBOOKS[name]
    assert playbook.title
    for step in playbook.steps:
        assert step.undo == ("none" if step.control is Control.SESSIONS_REVOKED else "release")
        required = {guard for guard, one in GUARDS.items() if step.control in one.controls}
        assert required <= set(step.guards)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("role", [Role.VICTIM, Role.TARGET, Role.INFRASTRUCTURE])
@pytest.mark.parametrize("kind", EntityType)
def test_it_never_calls_for_a_control_on_somebody_elses(name: str, role: Role, kind: EntityType) -> None:
    one = entity(kind, "x", role=role)
    assert PLAYBOOKS[name].wishes(incident(one), one) == ()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", EntityType)
def test_without_authority_it_calls_for_nothing(name: str, kind: EntityType) -> None:
    one = entity(kind, "x", authority=Authority.NONE)
    assert PLAYBOOKS[name].wishes(incident(one), one) == ()


def test_the_clause_that_held_is_quoted() -> None:
    one = host()
    ((step, clause),) = PLAYBOOKS["contain_host"].wishes(incident(one), one)
    assert step.control is Control.NETWORK_ISOLATION
    assert clause == (
        "type is host and role is attacker_controlled and authority is propose or act and severity is at least 3 (4)"
    )


def test_a_borrowed_token_is_asked_about() -> None:
    one = account(role=Role.UNKNOWN)
    ((step, _),) = PLAYBOOKS["revoke_sessions"].wishes(incident(one), one)
    assert step.approval == "always"


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("title:", "titel:", 2, "did you mean `title`"),
        ("is: host", "is: hosts", 5, "type is never hosts"),
        ("field: role", "field: rolle", 6, "Input should be"),
        ("at_least: 3", "at_least: high", 10, "valid integer"),
        ("{field: severity, at_least: 3}", "{field: severity, at_least: 3, at_most: 4}", 10, "exactly one of"),
        ("{field: severity, at_least: 3}", "{field: stage, at_least: 3}", 10, "is no number"),
        ("control: host.network_isolation", "control: host.shutdown", 13, "Input should be"),
        ("undo: release", "undo: perhaps", 15, "Input should be"),
        ("guards: [protected, ", "guards: [", 16, "may not leave out the guard 'protected'"),
        ("guards: [protected, ", "guards: [protected, luck, ", 16, "there is no guard 'luck'"),
        ("name: contain_host", "name: contain_hosts", 1, "its file"),
        ("steps:", "steps", 13, "could not find expected"),
    ],
)
def test_a_wrong_one_is_refused_with_its_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, told: str
) -> None:
    assert old in GOOD
    path = tmp_path / "contain_host.yml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_playbooks(GUARDS, tmp_path)
    assert any(str(path) in problem and told in problem for problem in caught.value.problems), caught.value.problems
    assert any(f"{path}:{line}:" in problem for problem in caught.value.problems), caught.value.problems


def test_every_problem_of_every_file_is_listed(tmp_path: Path) -> None:
    for name in ("contain_host", "second"):
        (tmp_path / f"{name}.yml").write_text(GOOD.replace("title:", "titel:").replace("is: host", "is: hosts"))
    with pytest.raises(ConfigError) as caught:
        load_playbooks(GUARDS, tmp_path)
    assert len(caught.value.problems) >= 6


@pytest.mark.parametrize("text", ["", "3", "[]", "- x", "when: {}", "&a [*a]", "\t", "a: b: c"])
def test_what_is_no_playbook_at_all_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yml").write_text(text)
    with pytest.raises(ConfigError):
        load_playbooks(GUARDS, tmp_path)
