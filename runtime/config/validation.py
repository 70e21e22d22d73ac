"""Data against a model: every error as one line that names the file, the line, what is wrong and the cure."""

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runtime.config.document import Document, Problem, parse
from runtime.config.secrets import SecretReader
from runtime.config.shape import known_keys
from runtime.errors import ConfigError

ModelT = TypeVar("ModelT", bound=BaseModel)

_SHOWN = 60


def read_yaml(text: str, model: type[ModelT], source: str) -> ModelT:
    """Return ``text`` as a ``model``; ``source`` is the name under which errors are listed. It may hold no secrets.

    Raises:
        ConfigError: lists every error with its line and the cure.
    """
    document, problems = parse(text, source)
    if document.lines or not problems:
        value, more = checked(document, document.data, model, environ={}, folder=Path())
        problems += more
        if value is not None and not problems:
            return value
    raise ConfigError(tuple(map(str, sorted(problems))))


def read_yaml_file(path: Path, model: type[ModelT]) -> ModelT:
    """Return the file at ``path`` as a ``model``.

    Raises:
        ConfigError: lists every error with file and line and the cure.
    """
    text = file_text(path)
    if isinstance(text, Problem):
        raise ConfigError((str(text),))
    return read_yaml(text, model, str(path))


def file_text(path: Path) -> str | Problem:
    """Return the text of a file, or why there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return Problem(str(path), 1, "this is no UTF-8 text; save it as UTF-8")
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        return Problem(str(path), 1, f"the file cannot be read ({reason}); create it or mend the path")


def checked(
    document: Document, data: object, model: type[ModelT], *, environ: Mapping[str, str], folder: Path, at: str = ""
) -> tuple[ModelT | None, list[Problem]]:
    """Return ``data``, which stands in ``document`` under the key ``at``, as a ``model``, or all that is wrong with it."""
    prefix = (at,) if at else ()
    reader = SecretReader(document, environ, folder)
    resolved = reader.resolve(model, data, prefix)
    try:
        value = model.model_validate(resolved)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, reader.problems + [_problem(document, prefix, detail, model) for detail in details]
    return (None if reader.problems else value), reader.problems


def _problem(document: Document, prefix: tuple[str, ...], detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    location = (*prefix, *detail["loc"])
    return document.problem(location, _sentence(prefix, detail, model))


def _sentence(prefix: tuple[str, ...], detail: ErrorDetails, model: type[BaseModel]) -> str:
    steps = detail["loc"]
    name = ".".join(str(step) for step in (*prefix, *steps))
    if detail["type"] == "missing":
        return f"{name} is missing; add `{steps[-1]}: ...`"
    if detail["type"] == "extra_forbidden":
        return f"{name} is not known; {nearest(str(steps[-1]), known_keys(model, steps[:-1]))}"
    return f"{name}: {detail['msg']}; found {_shown(detail['input'])}"


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the cure for an unknown word: the nearest known one, or all that there are."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known are {', '.join(known)}" if known else "nothing may stand here; remove it"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
