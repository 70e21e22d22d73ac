"""Loads ``stanch.yaml`` and the tenants beside it: all of it, or a list of everything that is wrong."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from runtime.config.document import Document, Problem, parse
from runtime.config.environment import SERVICES, Override, applied, overrides
from runtime.config.validation import checked, file_text, nearest
from runtime.errors import ConfigError
from schemas.tenant import Tenant

VERSION = 1
FILE = "stanch.yaml"
_SLUG = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the files say: the settings per section, and the tenants by slug."""

    settings: Mapping[str, BaseModel]
    tenants: Mapping[str, Tenant]


def load(path: Path, sections: Mapping[str, type[BaseModel]], environ: Mapping[str, str]) -> Configuration:
    """Return the configuration of ``path`` (the file, or the folder that holds ``stanch.yaml``).

    ``sections`` are the settings models by service; sections of services that are not asked for are left alone.

    Raises:
        ConfigError: lists every error of all files and of the environment, each with its place and the cure.
    """
    path = path / FILE if path.is_dir() else path
    settings, problems = _settings(path, sections, environ)
    tenants, more = _tenants(path.parent / "tenants", environ)
    problems += more
    if problems:
        raise ConfigError(tuple(map(str, sorted(problems))))
    return Configuration(settings, tenants)


def _settings(
    path: Path, sections: Mapping[str, type[BaseModel]], environ: Mapping[str, str]
) -> tuple[dict[str, BaseModel], list[Problem]]:
    document, problems = _document(path)
    found, more = overrides(environ, sections)
    problems += more
    if not document.lines and problems:
        return {}, problems
    problems += _version_problems(document, required=True) + _unknown_sections(document, sections)
    settings: dict[str, BaseModel] = {}
    for name, model in sections.items():
        data = _overridden(document, name, [one for one in found if one.section == name])
        value, more = checked(document, data, model, environ=environ, folder=path.parent, at=name)
        problems += more
        if value is not None:
            settings[name] = value
    return settings, problems


def _overridden(document: Document, section: str, found: Sequence[Override]) -> object:
    data = document.data.get(section)
    data = {} if data is None else data
    for one in found:
        if isinstance(data, dict):
            data = applied(data, one.path, one.value)
            document.overridden[section, *one.path] = one.variable
    return data


def _document(path: Path) -> tuple[Document, list[Problem]]:
    text = file_text(path)
    if isinstance(text, Problem):
        return Document(str(path)), [text]
    return parse(text, str(path))


def _version_problems(document: Document, *, required: bool) -> list[Problem]:
    version = document.data.get("version")
    if version is None and not required:
        return []
    if version is None:
        return [document.problem((), f"version is missing; add `version: {VERSION}`")]
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        return [document.problem(("version",), f"version: {version!r} is no version; write `version: {VERSION}`")]
    if version > VERSION:
        text = f"version: {version} is newer than this release knows ({VERSION}); use the newer release"
        return [document.problem(("version",), text)]
    return []


def _unknown_sections(document: Document, sections: Mapping[str, type[BaseModel]]) -> list[Problem]:
    known = {"version", *sections, *SERVICES}
    return [
        document.problem((name,), f"{name} is not known; {nearest(name, sorted(known))}")
        for name in document.data
        if name not in known
    ]


def _tenants(folder: Path, environ: Mapping[str, str]) -> tuple[dict[str, Tenant], list[Problem]]:
    tenants: dict[str, Tenant] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.y*ml")):
        tenant, more = _tenant(path, environ)
        problems += more
        if tenant is not None:
            problems += _token_problems(path, tenant, tenants)
            tenants[tenant.slug] = tenant
    return tenants, problems


def _tenant(path: Path, environ: Mapping[str, str]) -> tuple[Tenant | None, list[Problem]]:
    if path.suffix != ".yaml" or not _SLUG.fullmatch(path.stem):
        return None, [Problem(str(path), 1, "name it `<slug>.yaml`, the slug being 1 to 40 of a-z, 0-9 and -")]
    document, problems = _document(path)
    if not document.lines and problems:
        return None, problems
    problems += _version_problems(document, required=False)
    data = {key: value for key, value in document.data.items() if key != "version"}
    if data.setdefault("slug", path.stem) != path.stem:
        problems.append(document.problem(("slug",), f"slug: the file's name says {path.stem!r}; leave the key out"))
        data["slug"] = path.stem
    tenant, more = checked(document, data, Tenant, environ=environ, folder=path.parent)
    return tenant, problems + more


def _token_problems(path: Path, tenant: Tenant, others: Mapping[str, Tenant]) -> list[Problem]:
    """Two tenants with one token could not be told apart at the door."""
    twins = [slug for slug, other in others.items() if tenant.token is not None and other.token == tenant.token]
    return [Problem(str(path), 1, f"token: tenant {slug} has the same; give each its own") for slug in twins]
