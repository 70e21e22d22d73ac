"""A report for people: what happened, who is what, what was held and proven, who was spared."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Column, Table

from schemas.replay import ReplayReport, ReportedHold
from stanch.cli.plain import plain


def summarise(console: Console, report: ReplayReport) -> None:
    """Print the report's essence."""
    events = report.events
    console.print(
        f"[bold]{events.records:,}[/bold] records: {events.normalized:,} normalized, {events.base:,} base, "
        f"{events.dead_letters:,} dead letters; {report.findings:,} findings, "
        f"incidents: [bold]{len(report.incidents)}[/bold], holds: [bold]{len(report.holds)}[/bold], in {report.seconds:.1f} s"
    )
    for incident in report.incidents:
        console.print(f"\n[bold]incident[/bold] {plain(incident.ocsf['desc'])}")
    if report.holds:
        console.print(_holds(report))
    if report.spared:
        console.print(_spared(report))


def tell_unmapped(console: Console, kinds: Mapping[str, int]) -> None:
    """Print which kinds of records became base events, and how many; nothing where there is none."""
    if not kinds:
        return
    table = Table("channel or type", "event id", "count", title="without a mapper: base events", title_justify="left")
    for kind, count in kinds.items():
        channel, _, number = kind.rpartition("/")
        table.add_row(plain(channel or kind), plain(number if channel else "-"), f"{count:,}")
    console.print(table)


def _holds(report: ReplayReport) -> Table:
    columns = (Column(name, overflow="fold") for name in ("control", "target", "state", "verified", "expires"))
    table = Table(*columns, title="holds", title_justify="left")
    for hold in report.holds:
        table.add_row(*_hold(hold))
    return table


def _hold(hold: ReportedHold) -> tuple[str, ...]:
    times = (_clock(hold.verified_at), _clock(hold.expires_at))
    return (hold.control.value, plain(hold.target.id), hold.state.value, *times)


def _clock(text: str | None) -> str:
    """Return the time of day of an RFC 3339 text."""
    return "-" if text is None else text[11:19]


def _spared(report: ReplayReport) -> Table:
    table = Table("who", "why", title="who was spared", title_justify="left")
    by_reason: dict[str, list[str]] = {}
    for one in report.spared:
        by_reason.setdefault(one.why, []).append(one.id)
    for why, names in by_reason.items():
        table.add_row(plain(", ".join(names)), plain(why))
    return table
