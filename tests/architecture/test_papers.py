"""The papers say what is: the picture is drawn from the topics, links lead somewhere, the words are the glossary's."""

import re
from pathlib import Path

import pytest

from schemas import picture
from tests.architecture.tree import ROOT, files, name_of

PAPERS = [path for path in files() if path.suffix == ".md"]
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
REQUIRED = (
    "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "docs/glossary.md", "docs/runbook.md",
)  # fmt: skip


def test_the_papers_are_there() -> None:
    assert [name for name in REQUIRED if not (ROOT / name).is_file()] == []


def test_the_picture_is_current() -> None:
    page = picture.PAGE.read_text()
    assert picture.drawn_into(page) == page, "run: python -m schemas.picture"


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_decision_has_its_five_parts() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))[1:]
    assert decisions
    for number, path in enumerate(decisions, 1):
        text = path.read_text()
        assert path.name.startswith(f"{number:04}-")
        assert [
            part for part in ("Status", "Context", "Decision", "Consequences", "Rejected") if f"## {part}" not in text
        ] == []
