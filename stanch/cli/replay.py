"""`stanch replay`: recordings in, one report out."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from runtime.errors import StartError
from runtime.log import Log
from schemas.replay import ReplayReport
from services.ingest.__main__ import normalizer
from services.ingest.core import Normalizer
from services.ingest.ports import AUTO
from stanch.cli.config import replay_configuration
from stanch.cli.progress import bar
from stanch.cli.summary import summarise, tell_unmapped
from stanch.home import state_home
from stanch.replay.driver import Play, replay
from stanch.replay.recording import Recording, Stamped, read
from stanch.replay.report import encode

_FILES = "recordings: NDJSON, JSON, EVTX, syslog, Zeek; plain, zip, gz, zst"
EXAMPLE = "Example: [bold]stanch replay intrusion.zip --rules sigma/rules --json report.json[/bold]"


class Speed(StrEnum):
    """How fast the virtual clock runs."""

    MAX = "max"
    REAL = "1x"


class ProgressBar:
    """Shows how far the replay is; at real speed it holds the replay back."""

    def __init__(self, progress: Progress, total: int, speed: Speed) -> None:
        self._progress = progress
        self._task = progress.add_task("replaying", total=total)
        self._speed = speed
        self._last: int | None = None

    async def played(self, upto: Stamped, records: int, log: Log) -> None:  # noqa: ARG002 - a Watcher by its shape
        """Move the bar."""
        self._progress.advance(self._task, records)
        if self._speed is Speed.REAL and self._last is not None:
            await asyncio.sleep((upto.at - self._last) / 1000)
        self._last = upto.at


def command(
    files: Annotated[list[Path], typer.Argument(help=_FILES)],
    *,
    source: Annotated[str, typer.Option(help="kind of log; recognised by content where it is left out")] = AUTO,
    rules: Annotated[
        list[Path] | None, typer.Option(help="folder of Sigma rules beside our own; may be repeated")
    ] = None,
    tenant: Annotated[str, typer.Option(help="whose recording it is")] = "default",
    config: Annotated[Path | None, typer.Option(help="stanch.yaml; the tenant's inventory lies beside it")] = None,
    speed: Annotated[Speed, typer.Option(help="of the virtual clock")] = Speed.MAX,
    json: Annotated[Path | None, typer.Option(help="write the report here")] = None,
) -> None:
    """Play recordings on a virtual clock, armed against the lab only: no real product can be reached."""
    console = Console()
    settings, whose = replay_configuration(config, tenant, rules or [])
    ingest = normalizer(settings.ingest)
    _check(json, source, ingest.names)
    with bar(console) as progress:
        recording = _read(files, source, ingest, progress)
        play = Play(recording, whose, settings, state_home(), {"stdout": StringIO(), "stderr": StringIO()})
        watcher = ProgressBar(progress, len(recording.records), speed)
        played = asyncio.run(replay(play, watcher))
    _write(played.report, json)
    summarise(console, played.report)
    tell_unmapped(console, played.base_kinds)


def _read(files: list[Path], source: str, ingest: Normalizer, progress: Progress) -> Recording:
    reading = progress.add_task("reading", total=None)
    try:
        recording = read(files, source, ingest, lambda records: progress.advance(reading, records))
    except OSError as error:
        raise StartError(f"cannot read {error.filename}: {error.strerror}") from error
    progress.remove_task(reading)
    return recording


def _check(path: Path | None, source: str, known: Sequence[str]) -> None:
    """Refuse before the replay what nobody can read, and what could not be written after it."""
    if source not in (AUTO, *known):
        raise StartError(
            f"--source {source}: no such source; there are {', '.join(known)}. Leave it out to let ingest see."
        )
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise StartError(f"--json {path}: this is a folder, or its folder does not exist; name a file in one that does")


def _write(report: ReplayReport, path: Path | None) -> None:
    if path is not None:
        path.write_bytes(encode(report))
