"""kill -9 at each label of respond, and each fault of the lab: one transition, the right end. ``make chaos`` tries all."""

from pathlib import Path

import pytest

from tests.chaos.respond.cases import few_cases
from tests.chaos.respond.trial import run


@pytest.mark.slow
async def test_whenever_respond_dies_the_product_changes_once(tmp_path: Path) -> None:
    rows = await run(few_cases(), tmp_path)
    wrong = [(row.case, row.transitions, row.state) for row in rows if not row.good]
    assert not wrong
    assert sum(row.died and row.intent_open for row in rows) >= 4
