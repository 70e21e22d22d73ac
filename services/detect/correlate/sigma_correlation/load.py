"""Reads correlation rules from rule directories. The detection rules there are match's; here only their names are read."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from schemas.finding import Stage
from schemas.problem import Problem
from services.detect.correlate.sigma_correlation.document import CorrelationDocument
from services.detect.correlate.sigma_correlation.rule import Correlation

OWN_RULES: Final = Path(__file__).resolve().parents[2] / "rules"
_SUFFIXES: Final = {".yml", ".yaml"}
_KEY = re.compile(r"^(id|name):[ \t]*[\"']?([^\"'#\n]+?)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The correlation rules that are sound, and why others were refused."""

    rules: tuple[Correlation, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    node: yaml.Node
    content: Mapping[str, Any]


def load_correlations(dirs: Sequence[Path], stages: Mapping[str, Stage] | None = None) -> Loaded:
    """Return the correlation rules of every ``.yml`` file below ``dirs``, the references to other rules resolved to ids.

    ``stages`` say by a rule's id, name or title what its findings may lead to, over what the rule says.
    """
    uids: dict[str, str] = {}
    documents: list[_Found] = []
    for path in (path for directory in dirs for path in _files(directory)):
        text = path.read_text(encoding="utf-8", errors="replace")
        uids.update(_names(text))
        if re.search(r"^correlation:", text, re.MULTILINE):
            documents += _documents(path, text)
    rules, problems = [], []
    for found in documents:
        result = _correlation(_staged(found, stages or {}), uids)
        if isinstance(result, Problem):
            problems.append(result)
        else:
            rules.append(result)
    return Loaded(tuple({rule.uid: rule for rule in rules}.values()), tuple(problems))


def _files(directory: Path) -> list[Path]:
    if directory.is_file():
        return [directory]
    return sorted(path for path in directory.rglob("*") if path.suffix in _SUFFIXES and path.is_file())


def _names(text: str) -> Iterator[tuple[str, str]]:
    """Yield every way to refer to a rule with the rule's id."""
    for part in re.split(r"^---[ \t]*$", text, flags=re.MULTILINE):
        keys = {key: value.strip() for key, value in _KEY.findall(part)}
        uid = keys.get("id", "").lower()
        for name in filter(None, (uid, keys.get("name"))):
            yield name, uid or name


def _documents(path: Path, text: str) -> list[_Found]:
    """A file that is no YAML has been named by match already."""
    found, loader = [], yaml.CSafeLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            content = loader.construct_document(node) if node is not None else None
            if node is not None and isinstance(content, Mapping) and "correlation" in content:
                found.append(_Found(path, node, content))
    except yaml.YAMLError:
        return []
    finally:
        loader.dispose()
    return found


def _staged(found: _Found, stages: Mapping[str, Stage]) -> _Found:
    names = (str(found.content.get(key, "")) for key in ("id", "name", "title"))
    stage = next((stages[name] for name in names if name in stages), None)
    if stage is None:
        return found
    own = found.content.get("stanch")
    further = {"stanch": {**own, "stage": stage}} if isinstance(own, Mapping) else {}
    return _Found(found.path, found.node, {**found.content, "stage": stage, **further})


def _correlation(found: _Found, uids: Mapping[str, str]) -> Correlation | Problem:
    digest = hashlib.blake2b(repr(found.content).encode("utf-8", "replace"), digest_size=16).hexdigest()
    try:
        document = CorrelationDocument.model_validate(found.content)
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}"
        return Problem(str(found.path), _line(found.node, first["loc"]), reason)
    unknown = [name for name in document.correlation.rules if _key(name) not in uids]
    if unknown:
        reason = f"no rule is called {', '.join(unknown)}"
        return Problem(str(found.path), _line(found.node, ("correlation", "rules")), reason)
    return document.correlated({name: uids[_key(name)] for name in document.correlation.rules}, digest)


def _key(name: str) -> str:
    return name.lower() if re.fullmatch(r"[0-9A-Fa-f-]{36}", name) else name


def _line(node: yaml.Node, path: Sequence[int | str]) -> int:
    line = node.start_mark.line + 1
    for step in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        found = next(((key, value) for key, value in pairs if key.value == step), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return int(line)
