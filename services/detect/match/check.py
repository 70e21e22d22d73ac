"""What ``rules check`` tells: which rules compile, and what is wrong with the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.problem import Problem
from services.detect.match.core.compile import Compiled
from services.detect.match.core.patterns import needs_backtracking
from services.detect.match.core.route import is_known_logsource
from services.detect.match.core.rule import Rule
from services.detect.match.core.translate import Placeholders
from services.detect.match.core.tree import Regex, leaves_of
from services.detect.match.load import load


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The rules of some directories.

    ``problems`` names every refused rule; those in ``needs_placeholder`` want configuration only. ``backtracking`` are rules
    whose regular expressions need look-around or back-references, and with them an engine without a bound on its time.
    ``unrouted`` are rules whose service or category for Windows no table knows: they run on every Windows event.
    ``correlations`` counts the documents that correlate checks.
    """

    total: int
    compiled: int
    problems: tuple[Problem, ...]
    needs_placeholder: tuple[Problem, ...]
    backtracking: tuple[Rule, ...]
    unrouted: tuple[Rule, ...]
    correlations: int

    @property
    def is_sound(self) -> bool:
        """Nothing was refused."""
        return not self.problems


def check(dirs: Sequence[Path], placeholders: Placeholders | None = None) -> CheckReport:
    """Return what is to be said of the rules below ``dirs``."""
    return report_of(load(dirs, placeholders))


def report_of(compiled: Compiled) -> CheckReport:
    """Return what is to be said of rules that were loaded already."""
    return CheckReport(
        total=compiled.total,
        compiled=compiled.sound,
        problems=compiled.problems,
        needs_placeholder=compiled.needs_placeholder,
        backtracking=tuple(rule for rule in compiled.rules if _backtracks(rule)),
        unrouted=tuple(rule for rule in compiled.rules if not is_known_logsource(rule.logsource)),
        correlations=compiled.correlations,
    )


def _backtracks(rule: Rule) -> bool:
    return any(
        isinstance(leaf, Regex) and needs_backtracking(leaf.pattern, leaf.flags) for leaf in leaves_of(rule.node)
    )
