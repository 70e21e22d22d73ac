"""Reads playbooks from YAML. A wrong one is refused with its file and line; nothing half-starts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from runtime.errors import ConfigError
from services.respond import playbooks
from services.respond.core.playbook import Playbook
from services.respond.ports.guards import Guard

BUILT_IN = Path(playbooks.__path__[0])


def load_playbooks(guards: Mapping[str, Guard], folder: Path = BUILT_IN) -> tuple[Playbook, ...]:
    """Return the playbooks of ``folder``, sorted by name.

    Raises:
        ConfigError: a file is no playbook, names an unknown guard, or leaves out one that its control demands.
    """
    found: dict[str, Playbook] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        playbook, wrong = read_playbook(path, guards)
        problems += wrong
        if playbook is not None:
            found[playbook.name] = playbook
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(found.values())


def read_playbook(path: Path, guards: Mapping[str, Guard]) -> tuple[Playbook | None, list[str]]:
    """Return the playbook in ``path`` and no problem, or every problem as ``file:line: what``."""
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [f"{path}:{line}: {error.problem}"]
    try:
        playbook = Playbook.model_validate(tree)
    except ValidationError as error:
        places = [(_line(tree, one["loc"]), _told(one["loc"], one["msg"])) for one in error.errors()]
        return None, [f"{path}:{line}: {told}" for line, told in places]
    problems = [f"{path}:{_line(tree, loc)}: {what}" for loc, what in _demands(playbook, path, guards)]
    return (None if problems else playbook), problems


def _demands(playbook: Playbook, path: Path, guards: Mapping[str, Guard]) -> list[tuple[tuple[str | int, ...], str]]:
    problems: list[tuple[tuple[str | int, ...], str]] = []
    if playbook.name != path.stem:
        problems.append((("name",), f"the playbook is called {playbook.name!r}, its file {path.stem!r}"))
    for number, step in enumerate(playbook.steps):
        place = ("steps", number, "guards")
        unknown = [name for name in step.guards if name not in guards]
        missing = [name for name, guard in guards.items() if step.control in guard.controls and name not in step.guards]
        problems += [(place, f"there is no guard {name!r}") for name in unknown]
        problems += [(place, f"{step.control} may not leave out the guard {name!r}") for name in missing]
    return problems


def _line(tree: Any, place: tuple[str | int, ...]) -> int:  # noqa: ANN401 whatever stands in the file
    line = 1
    for part in place:
        marks = getattr(tree, "lc", None)
        known = (isinstance(tree, dict) and part in tree) or (isinstance(tree, list) and isinstance(part, int))
        if marks is None or not known:
            continue
        line = (marks.value(part) if isinstance(tree, dict) else marks.item(part))[0] + 1
        if isinstance(tree, dict):
            line = marks.key(part)[0] + 1
        tree = tree[part]
    return line


def _told(place: tuple[str | int, ...], message: str) -> str:
    return f"{'.'.join(map(str, place))}: {message}" if place else message
