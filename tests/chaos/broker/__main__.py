"""``python -m tests.chaos.broker``: the broker stopped, and killed, under load for as long as is said: the table."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

from rich.console import Console
from rich.table import Table

from tests.chaos.broker.drill import How, Verdict, drill

SECONDS: Final = 60.0


def table(verdicts: Sequence[Verdict]) -> Table:
    """The verdicts as they are printed."""
    columns = [f"{one.how}, {one.seconds:.0f} s" for one in verdicts]
    shown = Table("seconds after the broker answers again", *columns)
    for what in verdicts[0].recovered:
        shown.add_row(what, *(_seconds(one.recovered[what]) for one in verdicts))
    shown.add_section()
    shown.add_row("records sent / lost", *(f"{one.sent} / {one.lost}" for one in verdicts))
    shown.add_row("", *("ok" if not one.wrong else "WRONG" for one in verdicts))
    return shown


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"


def drills(seconds: float, console: Console) -> bool:
    """Print the table; return whether all is well."""
    verdicts = []
    for how in get_args(How):
        with tempfile.TemporaryDirectory(prefix="stanch-drill-") as folder:
            verdicts.append(drill(how, seconds, Path(folder)))
    console.print(table(verdicts))
    for one in verdicts:
        for what, found in one.wrong.items():
            console.print(f"{one.how}: {what}: {found}", markup=False)
    return not any(one.wrong for one in verdicts)


def main() -> int:
    """Print the table; fail where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.broker", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long the broker is away")
    return 0 if drills(parser.parse_args().seconds, Console(width=140)) else 1


if __name__ == "__main__":
    sys.exit(main())
