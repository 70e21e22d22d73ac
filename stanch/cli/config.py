"""What the commands read from stanch.yaml, and what holds without one."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.config import load
from runtime.errors import StartError
from schemas.tenant import Tenant
from stanch.assembly import SECTIONS


def default_settings() -> Mapping[str, Any]:
    """Return every service's settings as they are without a file."""
    return {name: model() for name, model in SECTIONS.items()}


def placeholders_of(config: Path | None) -> Mapping[str, tuple[str, ...]]:
    """Return what stands for the placeholders of rules with ``expand``."""
    if config is None:
        return {}
    found: Mapping[str, tuple[str, ...]] = load(config, SECTIONS, os.environ).settings["match"].placeholders  # type: ignore[attr-defined]
    return found


def replay_configuration(config: Path | None, tenant: str, rules: Sequence[Path]) -> tuple[Mapping[str, Any], Tenant]:
    """Return the settings, with further rules, and the tenant that is replayed.

    Raises:
        ConfigError: the configuration is wrong; every error is listed.
        StartError: it knows no such tenant, or a folder of rules does not exist.
    """
    missing = [str(path) for path in rules if not path.exists()]
    if missing:
        raise StartError(f"no such rules: {', '.join(missing)}")
    if config is None:
        return with_rules(default_settings(), rules), Tenant(slug=tenant)
    configuration = load(config, SECTIONS, os.environ)
    whose = configuration.tenants.get(tenant)
    if whose is None:
        known = ", ".join(sorted(configuration.tenants)) or "none"
        raise StartError(f"{config}: no tenant {tenant!r}; there are: {known}. Name one with --tenant.")
    return with_rules(configuration.settings, rules), whose


def with_rules(settings: Mapping[str, Any], rules: Sequence[Path]) -> Mapping[str, Any]:
    """Return the settings with ``rules`` added to those that match and correlate read."""
    return {name: _with_rules(section, rules) for name, section in settings.items()}


def _with_rules(section: Any, rules: Sequence[Path]) -> Any:  # noqa: ANN401 - any service's settings
    if "rules" not in type(section).model_fields:
        return section
    return section.model_copy(update={"rules": (*section.rules, *rules)})
