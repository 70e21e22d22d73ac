"""`stanch demo`: a recorded intrusion, from the first record to the last release."""

import asyncio
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from lab.recording import Recording as Film
from lab.recording import RecordingOptions, record
from schemas.replay import ReplayReport
from schemas.tenant import Tenant
from services.ingest.__main__ import normalizer
from services.ingest.ports import AUTO
from stanch.assembly import Settings
from stanch.cli.plain import plain
from stanch.cli.progress import bar
from stanch.cli.replay import ProgressBar, Speed
from stanch.cli.summary import summarise
from stanch.replay.driver import replay
from stanch.replay.play import Play
from stanch.replay.recording import read

EXAMPLE = "Example: [bold]stanch demo[/bold]"
_SCENE = (
    "Half an hour at a small company: {total:,} events of {hosts} machines, {attack} of them an intruder's, "
    "{administration} an administrator's who does much the same, lawfully. The lab plays the company's security products."
)


def command() -> None:
    """Play our own recording: detected, contained against the lab, verified, a human told, undone in time."""
    console, film = Console(), record(RecordingOptions())
    counts = film.labels["events"]
    console.print(
        _SCENE.format(
            total=counts["total"],
            hosts=len(film.labels["inventory"]["hosts"]),
            attack=counts["attack"],
            administration=counts["administration"],
        )
    )
    report = _play(console, film)
    summarise(console, report)
    _spared(console, film, report)
    _tell(console, report)


def _play(console: Console, film: Film) -> ReplayReport:
    with tempfile.TemporaryDirectory() as folder, bar(console) as progress:
        path = Path(folder) / "recording.ndjson"
        path.write_bytes(b"".join(film.lines))
        recording = read([path], AUTO, normalizer(), lambda _: None)
        watcher = ProgressBar(progress, len(recording.records), Speed.MAX)
        play = Play(recording, _company(film), Settings(), Path(folder), {"stdout": StringIO()})
        return asyncio.run(replay(play, watcher)).report


def _company(film: Film) -> Tenant:
    inventory = film.labels["inventory"]
    return Tenant.model_validate(
        {
            "slug": "demo",
            "networks": inventory["networks"],
            "resolvers": inventory["resolvers"],
            "automation_accounts": inventory["automation_accounts"],
            "contacts": [{"channel": "terminal", "address": "stdout"}],
        }
    )


def _spared(console: Console, film: Film, report: ReplayReport) -> None:
    """Say of those whom the recording's author wanted spared whether they were."""
    held = {hold.target.id for hold in report.holds}
    for one in film.labels["spared"]:
        if not one["id"].endswith("$"):
            mark = "[red]HELD[/red]  " if one["id"] in held else "[green]spared[/green]"
            console.print(f"{mark} {plain(one['id'])}: {plain(one['why'])}")


def _tell(console: Console, report: ReplayReport) -> None:
    told = [one for one in report.notifications if one["cause"] == "contained"]
    if told:
        console.print(Panel(Text(told[-1]["text"]), title="what the person on call was told", title_align="left"))
    if report.holds:
        console.print(
            "Every hold ended by itself at its expiry, above. At work, one is undone at once with "
            f"[bold].venv/bin/stanch release {report.holds[0].uid}[/bold], and all containment is stopped with "
            "[bold].venv/bin/stanch halt[/bold]."
        )
