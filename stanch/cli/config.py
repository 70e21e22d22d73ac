"""What the commands read from stanch.yaml, and what holds without one."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from runtime.config import load
from runtime.errors import StartError
from schemas.tenant import Tenant
from stanch.assembly import SECTIONS, Settings


def configured(config: Path | None) -> tuple[Settings, Mapping[str, Tenant]]:
    """Return the settings and tenants of the file; the defaults, and nobody, without one.

    Raises:
        ConfigError: the configuration is wrong; every error is listed.
    """
    if config is None:
        return Settings(), {}
    found = load(config, SECTIONS, os.environ)
    return Settings.model_validate(dict(found.settings)), found.tenants


def replay_configuration(
    config: Path | None, slugs: Sequence[str], rules: Sequence[Path]
) -> tuple[Settings, Mapping[str, Tenant]]:
    """Return the settings, with further rules, and the tenants that are replayed.

    Raises:
        ConfigError: the configuration is wrong; every error is listed.
        StartError: it knows no such tenant, or a folder of rules does not exist.
    """
    missing = [str(path) for path in rules if not path.exists()]
    if missing:
        raise StartError(f"no such rules: {', '.join(missing)}")
    settings, tenants = configured(config)
    if config is None:
        return with_rules(settings, rules), {slug: _anybody(slug) for slug in slugs}
    known = ", ".join(sorted(tenants)) or "none"
    for slug in slugs:
        if slug not in tenants:
            raise StartError(f"{config}: no tenant {slug!r}; there are: {known}. Name one with --tenant.")
    return with_rules(settings, rules), {slug: tenants[slug] for slug in slugs}


def _anybody(slug: str) -> Tenant:
    try:
        return Tenant(slug=slug)
    except ValidationError as error:
        raise StartError(f"--tenant {slug!r}: a tenant's name has 1 to 40 of a-z, 0-9 and -") from error


def with_rules(settings: Settings, rules: Sequence[Path]) -> Settings:
    """Return the settings with ``rules`` added to those that match and correlate read."""
    match = settings.match.model_copy(update={"rules": (*settings.match.rules, *rules)})
    correlate = settings.correlate.model_copy(update={"rules": (*settings.correlate.rules, *rules)})
    return settings.model_copy(update={"match": match, "correlate": correlate})
