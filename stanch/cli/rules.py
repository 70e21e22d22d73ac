"""`stanch rules`: whether Sigma rules compile, and whether they fire where they should."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from runtime.errors import StartError
from schemas.event import EventHeaders
from schemas.identity import REPLAY_KEY
from services.detect.correlate.sigma_correlation.load import load_correlations
from services.detect.match.check import CheckReport, check
from services.detect.match.load import OWN_RULES, load
from services.detect.match.samples import Event, SampleResult, check_samples, self_test
from services.ingest.__main__ import normalizer
from services.ingest.core import Context
from services.ingest.receivers.files import read_records
from stanch.cli.config import configured
from stanch.cli.plain import plain

app = typer.Typer(help="Sigma rules: whether they compile, and fire where they should.", no_args_is_help=True)
Config = Annotated[Path | None, typer.Option(help="stanch.yaml, for the placeholders that rules with `expand` need")]


@app.command("check", epilog="Example: [bold]stanch rules check sigma/rules sigma/rules-threat-hunting[/bold]")
def compile_all(
    directories: Annotated[
        list[Path] | None, typer.Argument(help="folders or files; our own starter rules if none")
    ] = None,
    config: Config = None,
) -> None:
    """Compile every rule; name each that does not, with file, line and reason."""
    found = check(directories or [OWN_RULES], configured(config)[0].match.placeholders)
    console = Console(soft_wrap=True)
    for problem in found.problems:
        console.print(f"{problem.file}:{problem.line}: {problem.reason}", markup=False)
    correlations = load_correlations(directories or [OWN_RULES]).problems
    for problem in correlations:
        console.print(f"{problem.file}:{problem.line}: {problem.reason}", markup=False)
    _sum_up(console, found)
    raise typer.Exit(0 if found.is_sound and not correlations else 1)


@app.command("test", epilog="Example: [bold]stanch rules test sigma/regression_data --rules sigma/rules[/bold]")
def run_samples(
    samples: Annotated[Path | None, typer.Argument(help="folder of recorded samples with an info.yml each")] = None,
    rules: Annotated[list[Path] | None, typer.Option(help="folder of rules; may be given several times")] = None,
    config: Config = None,
) -> None:
    """Give each sample to the rule that it was recorded for, and each rule the samples inside its own file."""
    directories = tuple(rules or [OWN_RULES])
    missing = [str(path) for path in (*directories, samples) if path is not None and not path.exists()]
    if missing:
        raise StartError(f"there is no such folder: {', '.join(missing)}")
    results = list(self_test(load(directories, configured(config)[0].match.placeholders).rules))
    if samples is not None:
        results += check_samples(samples, directories, read_events, configured(config)[0].match.placeholders)
    console = Console(soft_wrap=True)
    for result in _failed(results):
        console.print(f"{result.sample}: {result.title}: {result.reason}", markup=False)
    failed = sum(1 for _ in _failed(results))
    console.print(f"[bold]{len(results) - failed}[/bold] of {len(results)} samples as they should be")
    raise typer.Exit(1 if failed else 0)


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a recording as ingest makes them: the native object and the headers."""
    ingest = normalizer()
    for raw in read_records([path]):
        made = ingest.normalize(raw.record, Context("rules-test", REPLAY_KEY, raw.source, raw.position, raw.hints))
        yield _native(made.headers, made.value), made.headers


def _native(headers: EventHeaders, value: bytes) -> dict[str, object]:
    native: dict[str, object] = orjson.loads(headers.native(value))
    return native


def _failed(results: Iterable[SampleResult]) -> Iterator[SampleResult]:
    return (result for result in results if not result.passed)


def _sum_up(console: Console, found: CheckReport) -> None:
    console.print(f"[bold]{found.compiled}[/bold] of {found.total} rules compile")
    if found.needs_placeholder:
        console.print(f"{len(found.needs_placeholder)} of the others want only their placeholders in the configuration")
    for rule in found.backtracking:
        console.print(f"needs look-around, so its regular expression has no bound on its time: {plain(rule.title)}")
    if found.unrouted:
        console.print(
            f"{len(found.unrouted)} name a log source that no table knows and run on every event of the product"
        )
    if found.correlations:
        console.print(f"{found.correlations} are correlations")
