"""`stanch replay`: recordings in, one report out."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from runtime.errors import StartError, Unavailable
from runtime.home import state_home
from runtime.log import Log
from runtime.log_address import KafkaAddress, kafka_address
from schemas.replay import ReplayReport
from services.ingest.__main__ import normalizer
from services.ingest.core import Normalizer
from services.ingest.ports import AUTO
from stanch.cli.config import replay_configuration
from stanch.cli.plain import plain
from stanch.cli.progress import bar
from stanch.cli.session import LogOption
from stanch.cli.summary import summarise, tell_unmapped
from stanch.replay.cluster import Terms, replay_on
from stanch.replay.driver import replay
from stanch.replay.play import Play, Played
from stanch.replay.recording import Recording, Stamped, read
from stanch.replay.report import encode

_FILES = "recordings: NDJSON, JSON, EVTX, syslog, Zeek; plain, zip, gz, zst"
_SLUG = re.compile(r"[a-z0-9-]{1,40}")
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
    files: Annotated[list[str], typer.Argument(metavar="[TENANT=]FILE...", help=_FILES)],
    *,
    source: Annotated[str, typer.Option(help="kind of log; recognised by content where it is left out")] = AUTO,
    rules: Annotated[
        list[Path] | None, typer.Option(help="folder of Sigma rules beside our own; may be repeated")
    ] = None,
    tenant: Annotated[str, typer.Option(help="whose recording it is, where the file does not say")] = "default",
    config: Annotated[Path | None, typer.Option(help="stanch.yaml; the tenants' inventories lie beside it")] = None,
    speed: Annotated[Speed, typer.Option(help="of the virtual clock")] = Speed.MAX,
    json: Annotated[Path | None, typer.Option(help="write the report here; of several tenants, by tenant")] = None,
    log: LogOption = None,
    partitions: Annotated[int, typer.Option(min=1, help="on Kafka: of each topic")] = 1,
    members: Annotated[int, typer.Option(min=1, help="on Kafka: processes of each service")] = 1,
) -> None:
    """Play recordings on a virtual clock, armed against the lab only: no real product can be reached.

    With --log kafka://... every service is a process of its own, under a prefix that is deleted afterwards.
    """
    console = Console()
    address = None if log is None else kafka_address(log)
    given = _by_tenant(files, tenant)
    settings, tenants = replay_configuration(config, sorted(given), rules or [])
    ingest = normalizer(settings.ingest)
    _check(json, source, ingest.names)
    with bar(console) as progress:
        streams = {"stdout": StringIO(), "stderr": StringIO()}
        plays = [
            Play(_read(paths, source, ingest, progress), tenants[slug], settings, state_home(), streams)
            for slug, paths in given.items()
        ]
        watcher = ProgressBar(progress, sum(len(play.recording.records) for play in plays), speed)
        played = asyncio.run(_played(plays, watcher, address, Terms(partitions, members)))
    _write({slug: one.report for slug, one in played.items()}, json)
    for slug, one in played.items():
        if len(played) > 1:
            console.rule(plain(slug))
        summarise(console, one.report)
        tell_unmapped(console, one.base_kinds)


async def _played(
    plays: Sequence[Play], watcher: ProgressBar, address: KafkaAddress | None, terms: Terms
) -> Mapping[str, Played]:
    if address is None:
        return {play.tenant.slug: await replay(play, watcher) for play in plays}
    try:
        return (await replay_on(address, plays, terms, watcher)).played
    except Unavailable as error:
        raise StartError(f"{address} does not answer: {error}") from error


def _by_tenant(files: Sequence[str], default: str) -> dict[str, list[Path]]:
    """Return the files by the tenant that stands before the first ``=``, if one does and the whole is no file."""
    found: dict[str, list[Path]] = {}
    for file in files:
        slug, separator, path = file.partition("=")
        named = separator and _SLUG.fullmatch(slug) and not Path(file).exists()
        found.setdefault(slug if named else default, []).append(Path(path if named else file))
    return found


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


def _write(reports: Mapping[str, ReplayReport], path: Path | None) -> None:
    if path is None:
        return
    for slug, report in reports.items():
        target = path if len(reports) == 1 else path.with_suffix(f".{slug}{path.suffix}")
        target.write_bytes(encode(report))
