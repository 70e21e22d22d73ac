"""Reads playbooks from YAML. A wrong one is refused with its file and line; nothing half-starts."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from runtime.config import read_yaml_file
from runtime.config.document import Location, parse
from runtime.errors import ConfigError
from services.respond import playbooks
from services.respond.core.playbook import Playbook, PlaybookStep
from services.respond.ports.guards import Guard

BUILT_IN = Path(playbooks.__path__[0])


def load_playbooks(guards: Mapping[str, Guard], folder: Path = BUILT_IN) -> tuple[Playbook, ...]:
    """Return the playbooks of ``folder``, sorted by the names of their files.

    Raises:
        ConfigError: a file is no playbook, names an unknown guard, or leaves out one that its control demands; lists all.
    """
    found: list[Playbook] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        try:
            found.append(read_playbook(path, guards))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(found)


def read_playbook(path: Path, guards: Mapping[str, Guard]) -> Playbook:
    """Return the playbook in ``path``.

    Raises:
        ConfigError: lists every problem as ``file:line: what``.
    """
    playbook = read_yaml_file(path, Playbook)
    document, _ = parse(path.read_text(encoding="utf-8"), str(path))
    problems = [str(document.problem(place, what)) for place, what in _demands(playbook, path, guards)]
    if problems:
        raise ConfigError(tuple(problems))
    return playbook


def _demands(playbook: Playbook, path: Path, guards: Mapping[str, Guard]) -> Iterator[tuple[Location, str]]:
    if playbook.name != path.stem:
        yield ("name",), f"the playbook is called {playbook.name!r}, its file {path.stem!r}; give both one name"
    for number, step in enumerate(playbook.steps):
        yield from ((("steps", number, "guards"), what) for what in _guards_amiss(step, guards))


def _guards_amiss(step: PlaybookStep, guards: Mapping[str, Guard]) -> Iterator[str]:
    demanded = {name for name, guard in guards.items() if step.control in guard.controls}
    for name in step.guards:
        if name not in guards:
            yield f"there is no guard {name!r}; there are {', '.join(sorted(guards))}"
        elif name not in demanded:
            yield f"the guard {name!r} has nothing to say of {step.control}; leave it out"
    for name in sorted(demanded - set(step.guards)):
        yield f"{step.control} may not leave out the guard {name!r}; add it"
