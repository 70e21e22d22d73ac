"""Secrets stand in no file: ``{env: NAME}`` names a variable, ``{file: PATH}`` a file; here they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from runtime.config.document import Document, Location, Problem
from runtime.config.shape import inner, is_secret

CURE = "write {env: NAME} or {file: PATH} and put the secret there"


class FromEnvironment(str):
    """A value that an environment variable gave, and so may be a secret itself."""

    __slots__ = ()


@dataclass(slots=True)
class SecretReader:
    """Replaces the references of one document by what they name."""

    document: Document
    environ: Mapping[str, str]
    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def resolve(self, annotation: object, value: object, at: Location = ()) -> object:
        """Return ``value`` with its secrets read, as ``annotation`` says where they are."""
        if is_secret(annotation):
            return value if value is None else self._secret(value, at)
        if isinstance(value, dict):
            return {key: self._inner(annotation, key, item, at) for key, item in value.items()}
        if isinstance(value, list):
            return [self._inner(annotation, index, item, at) for index, item in enumerate(value)]
        return value

    def _inner(self, annotation: object, step: str | int, value: object, at: Location) -> object:
        for found in inner(annotation, step):
            value = self.resolve(found, value, (*at, step))
        return value

    def _secret(self, value: object, at: Location) -> object:
        if isinstance(value, SecretStr):
            return value
        if isinstance(value, FromEnvironment):
            return SecretStr(str(value))
        if isinstance(value, dict) and len(value) == 1:
            ((kind, name),) = value.items()
            if kind in {"env", "file"} and isinstance(name, str) and name:
                return self._read(kind, name, at)
        return self._refuse(at, f"a secret may not stand in a file; {CURE}")

    def _read(self, kind: str, name: str, at: Location) -> object:
        if kind == "env":
            text = self.environ.get(name, "")
            return SecretStr(text) if text else self._refuse(at, f"the variable {name} is not set; export it")
        path = self.folder / name
        try:
            text = path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            return self._refuse(at, f"the secret file {path} cannot be read ({why}); create it or mend the path")
        return SecretStr(text) if text else self._refuse(at, f"the secret file {path} is empty; put the secret there")

    def _refuse(self, at: Location, text: str) -> SecretStr:
        name = ".".join(str(step) for step in at)
        self.problems.append(self.document.problem(at, f"{name}: {text}"))
        return SecretStr("unread")
