"""What a service finds wrong with its settings or with a tenant gets the line where that stands."""

import re
from collections.abc import Iterable
from pathlib import Path

from runtime.config.document import Document, Location, parse
from runtime.config.load import FILE
from runtime.config.validation import file_text

_TENANT = re.compile(r"tenant (?P<slug>[a-z0-9-]{1,40}): (?P<at>\w+(?:\.\w+)*): .")
_SECTION = re.compile(r"(?P<at>[a-z]+(?:\.\w+)+): .")


def placed(path: Path, problems: Iterable[str]) -> tuple[str, ...]:
    """Return ``problems`` with file and line before each that begins with its place in the configuration at ``path``.

    A place is ``tenant acme: connectors.0: ...`` or ``notify.channels.pager: ...``; all others stay as they are.
    """
    path = path / FILE if path.is_dir() else path
    return tuple(_placed(path, problem) for problem in problems)


def _placed(path: Path, problem: str) -> str:
    if found := _TENANT.match(problem):
        file = path.parent / "tenants" / f"{found['slug']}.yaml"
    elif found := _SECTION.match(problem):
        file = path
    else:
        return problem
    return str(_document(file).problem(_location(found["at"]), problem[found.start("at") :]))


def _document(file: Path) -> Document:
    text = file_text(file)
    return parse(text, str(file))[0] if isinstance(text, str) else Document(str(file))


def _location(dotted: str) -> Location:
    return tuple(int(step) if step.isdigit() else step for step in dotted.split("."))
