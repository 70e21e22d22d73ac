"""``python -m tests.chaos``: kill -9 at each labelled point, each fault of the lab, and the lab's count: the table.

Then the broker goes away under load, stopped and killed, for a minute each: the table of ``python -m tests.chaos.broker``.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.broker.__main__ import SECONDS, drills
from tests.chaos.respond.cases import all_cases
from tests.chaos.respond.trial import Row, run
from tests.servers.kafka import Unobtainable


def table(rows: list[Row]) -> Table:
    """The rows as they are printed."""
    shown = Table("label", "fault", "target", "direction", "killed", "intent open", "transitions", "final state", "")
    for row in rows:
        case, state = row.case, row.state.value if row.state else "none"
        shown.add_row(
            case.label, case.fault, case.what, case.direction, "yes" if row.died else "not reached",
            "yes" if row.intent_open else "no", str(row.transitions), state, "ok" if row.good else "WRONG",
        )  # fmt: skip
    return shown


def main() -> int:
    """Print the tables; fail where a row is wrong."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stanch-chaos-") as home:
        rows = asyncio.run(run(all_cases(), Path(home)))
    console = Console(width=140)
    console.print(table(rows))
    wrong = sum(not row.good for row in rows)
    killed, opened = sum(row.died for row in rows), sum(row.died and row.intent_open for row in rows)
    console.print(
        f"{len(rows)} trials, {killed} killed, {opened} of them with an intent open; {wrong} wrong; "
        f"{time.monotonic() - begun:.0f} s"
    )
    return 0 if _drills(console) and not wrong else 1


def _drills(console: Console) -> bool:
    try:
        return drills(SECONDS, console)
    except Unobtainable as error:
        console.print(f"the broker's drills need a broker of their own: {error}", markup=False)
        return False


if __name__ == "__main__":
    sys.exit(main())
