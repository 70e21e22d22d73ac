"""Finding the sources: every file in ``sources/``, and every mapping that the settings declare."""

from collections.abc import Sequence
from pathlib import Path

from runtime.config import read_yaml_file
from runtime.errors import ConfigError
from runtime.plugins import load_plugins
from services.ingest import sources
from services.ingest.mapping.apply import source_of
from services.ingest.mapping.model import DeclaredMapping
from services.ingest.ports import Source


def load_sources(mappings: Sequence[Path] = ()) -> tuple[Source, ...]:
    """Return all sources; a mapping adds one of its own name.

    Raises:
        PluginError: a file in ``sources/`` does not bind ``SOURCE`` under its own name.
        ConfigError: a mapping is wrong or its name is taken; lists every error of every file.
    """
    found = dict(load_plugins(sources, "SOURCE", Source))
    problems: list[str] = []
    for path in mappings:
        try:
            mapping = read_yaml_file(path, DeclaredMapping)
        except ConfigError as error:
            problems += error.problems
            continue
        if mapping.name in found:
            problems.append(f"{path}:1: a source called {mapping.name!r} exists already; choose another name")
        found[mapping.name] = source_of(mapping)
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(found.values())
