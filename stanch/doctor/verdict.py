"""What the doctor says of one thing."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["well", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``told`` says how it is; ``cure`` what helps, where it is not well."""

    level: Level
    what: str
    told: str
    cure: str = ""


def well(what: str, told: str) -> Verdict:
    """Return that nothing need be done."""
    return Verdict("well", what, told)


def warning(what: str, told: str, cure: str) -> Verdict:
    """Return what works today and will not always."""
    return Verdict("warning", what, told, cure)


def wrong(what: str, told: str, cure: str) -> Verdict:
    """Return what does not work."""
    return Verdict("wrong", what, told, cure)
