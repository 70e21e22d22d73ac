"""All of SigmaHQ's rules beside our own."""

from services.detect.match.settings import Settings as MatchSettings
from stanch.assembly import Settings
from tests.real_data import real_data

RULES = ("rules", "rules-emerging-threats", "rules-threat-hunting")


def with_sigmahq() -> Settings:
    """The settings of a product that runs them; skips the test where they are absent."""
    return Settings(match=MatchSettings(rules=tuple(real_data("sigma", folder) for folder in RULES)))
