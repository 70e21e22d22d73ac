"""The configuration of a replay as files, for processes that read nothing else."""

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from schemas.tenant import Tenant


def write(folder: Path, settings: Mapping[str, BaseModel], tenants: Iterable[Tenant]) -> Path:
    """Write stanch.yaml, the tenants and their secrets below ``folder``, which is the caller's alone; return the file.

    JSON is YAML.
    """
    (folder / "tenants").mkdir()
    for tenant in tenants:
        values = tenant.model_dump(by_alias=True, exclude_unset=True)
        path = folder / "tenants" / f"{tenant.slug}.yaml"
        path.write_text(json.dumps(_plain(values, folder / "secrets" / tenant.slug)))
    sections = {name: _plain(section.model_dump(), folder / "secrets" / name) for name, section in settings.items()}
    path = folder / "stanch.yaml"
    path.write_text(json.dumps({"version": 1, **sections}))
    return path


def _plain(value: Any, secrets: Path) -> Any:  # noqa: ANN401 - whatever a model dumps
    """Return ``value`` as JSON has it, each secret in a file of its own below ``secrets``."""
    match value:
        case SecretStr():
            secrets.parent.mkdir(parents=True, exist_ok=True)
            secrets.write_text(value.get_secret_value())
            secrets.chmod(0o600)
            return {"file": str(secrets)}
        case dict():
            return {
                str(_plain(key, secrets)): _plain(one, secrets.with_name(f"{secrets.name}-{key}"))
                for key, one in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_plain(one, secrets.with_name(f"{secrets.name}-{number}")) for number, one in enumerate(value)]
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
