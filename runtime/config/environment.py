"""``STANCH_<SERVICE>__<FIELD>`` overrides what the file says; ``__`` once more goes one level deeper."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from runtime.config.document import Problem, parse
from runtime.config.secrets import FromEnvironment
from runtime.config.shape import inner, is_secret, keys_of, models_in
from runtime.config.validation import nearest
from schemas.topics import TOPICS

PREFIX = "STANCH_"
SOURCE = "environment"
SERVICES = frozenset(
    name.rpartition(".")[2] for topic in TOPICS.values() for name in (*topic.producers, *topic.consumers)
)


@dataclass(frozen=True, slots=True)
class Override:
    """One variable: its name, the section and the path in it, and the value as YAML has it."""

    variable: str
    section: str
    path: tuple[str, ...]
    value: object


def overrides(
    environ: Mapping[str, str], sections: Mapping[str, type[BaseModel]]
) -> tuple[list[Override], list[Problem]]:
    """Return the overrides that ``environ`` holds, and which of its variables override nothing."""
    found: list[Override] = []
    problems: list[Problem] = []
    for variable in sorted(environ):
        service, separator, rest = variable.removeprefix(PREFIX).partition("__")
        if not variable.startswith(PREFIX) or not separator:
            continue
        result = _override(variable, service, rest.split("__"), environ[variable], sections)
        if isinstance(result, Problem):
            problems.append(result)
        elif result is not None:
            found.append(result)
    return found, problems


def applied(data: Mapping[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """Return ``data`` with ``value`` at ``path``."""
    first, *rest = path
    below = data.get(first)
    inside = below if isinstance(below, dict) else {}
    return {**data, first: applied(inside, tuple(rest), value) if rest else value}


def _override(
    variable: str, service: str, fields: list[str], text: str, sections: Mapping[str, type[BaseModel]]
) -> Override | Problem | None:
    by_name = {_spelled(section): section for section in sections}
    section = by_name.get(service)
    if section is None and service in {_spelled(name) for name in SERVICES}:
        return None  # another process's
    if section is None:
        return Problem(SOURCE, 0, f"{variable}: there is no service {service}; {nearest(service, sorted(by_name))}")
    path: list[str] = []
    place: list[object] = [sections[section]]
    for field in fields:
        keys = {_spelled(key): key for option in place for model in models_in(option) for key in keys_of(model)}
        if field not in keys:
            return Problem(SOURCE, 0, f"{variable}: {section} has no field {field}; {nearest(field, sorted(keys))}")
        path.append(keys[field])
        place = [found for option in place for found in inner(option, keys[field])]
    secret = any(is_secret(option) for option in place)
    return Override(variable, section, tuple(path), FromEnvironment(text) if secret else _value(text))


def _spelled(name: str) -> str:
    return name.upper().replace(".", "_").replace("-", "_")


def _value(text: str) -> object:
    """Return what YAML makes of ``text``, as if it stood behind a key; else the text."""
    document, problems = parse(f"value: {text}", SOURCE)
    return text if problems or set(document.data) != {"value"} else document.data["value"]
