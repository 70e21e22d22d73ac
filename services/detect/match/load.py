"""Reads rule files from disk and hands their text to the pure part."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from schemas.finding import Stage
from schemas.problem import Problem
from services.detect.match.core.compile import Compiled, compile_rules
from services.detect.match.core.parse import Parsed, parse
from services.detect.match.core.translate import Placeholders

OWN_RULES = Path(__file__).resolve().parents[1] / "rules"
_SUFFIXES = {".yml", ".yaml"}


def load(
    dirs: Sequence[Path], placeholders: Placeholders | None = None, stages: Mapping[str, Stage] | None = None
) -> Compiled:
    """Return the rules of every ``.yml`` file below ``dirs`` (a file stands for itself), and what is wrong with others."""
    parsed = Parsed()
    for directory in dirs:
        if not directory.exists():
            parsed.problems.append(Problem(str(directory), 1, "there is no such directory of rules"))
        for path in rule_files(directory):
            parsed.add(_read(path))
    return compile_rules(parsed, placeholders or {}, stages or {})


def rule_files(directory: Path) -> list[Path]:
    """Return the rule files below ``directory``, sorted."""
    if directory.is_file():
        return [directory]
    return sorted(path for path in directory.rglob("*") if path.suffix in _SUFFIXES and path.is_file())


def _read(path: Path) -> Parsed:
    try:
        return parse(str(path), path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return Parsed(problems=[Problem(str(path), line, f"not UTF-8: {error.reason}")], total=1)
