"""Syslog lines: RFC 5424, RFC 3164, the ISO form that daemons write into files, and lines without any header."""

from dataclasses import dataclass
from typing import Final

from services.ingest.instants import has_zone, instant_of, with_year
from services.ingest.patterns import compiled
from services.ingest.ports import Hints, TimeQuality

_PRI: Final = r"(?:<(\d{1,3})>)?"
_RFC5424: Final = compiled(
    r"^<(\d{1,3})>\d{1,2} (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) \S{1,32} (?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?(.*)$"
)
_RFC3164: Final = compiled(
    rf"^{_PRI}(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(\d{{1,2}}) (\d\d:\d\d:\d\d) (\S{{1,255}}) (.*)$"
)
_ISO: Final = compiled(rf"^{_PRI}(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\S{{0,16}}) (\S{{1,255}}) (.*)$")
_TAG: Final = compiled(r"^([^\s:\[(]{1,64})(?:\(([^)]{1,64})\))?(?:\[(\d{1,10})\])?: ?(.*)$")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Line:
    """One syslog line taken apart. ``module`` is what old PAM puts into brackets behind the program."""

    message: str
    time: int
    quality: TimeQuality
    original: str = ""
    host: str = ""
    program: str = ""
    module: str = ""
    pid: int | None = None
    priority: int | None = None


def line_of(text: str, hints: Hints) -> Line | None:
    """Return the parts of a line with a header, None where it has none. The year of RFC 3164 is the newest that fits."""
    return _rfc5424(text, hints) or _rfc3164(text, hints) or _iso(text)


def bare_line(text: str, program: str, hints: Hints) -> Line:
    """Return a line that has no header: receipt time and the configured host fill the gaps."""
    return Line(text, hints.at, TimeQuality.RECEIPT, host=hints.host, program=program)


def _rfc5424(text: str, hints: Hints) -> Line | None:
    found = _RFC5424.match(text)
    if found is None:
        return None
    priority, stamp, host, program, pid, message = found.groups()
    time = instant_of(stamp)
    quality = TimeQuality.SYSTEM if time is not None else TimeQuality.RECEIPT
    return Line(
        message, hints.at if time is None else time, quality, stamp if time is not None else "",
        hints.host if host == "-" else host, "" if program == "-" else program,
        pid=int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 11 else None, priority=int(priority),
    )  # fmt: skip


def _rfc3164(text: str, hints: Hints) -> Line | None:
    found = _RFC3164.match(text)
    if found is None:
        return None
    priority, month, day, clock, host, rest = found.groups()
    time = with_year(_MONTHS.index(month) + 1, int(day), clock, hints.at)
    if time is None:
        return None
    return _tagged(
        rest, Line("", time, TimeQuality.INFERRED, f"{month} {day} {clock}", host, priority=_number(priority))
    )


def _iso(text: str) -> Line | None:
    found = _ISO.match(text)
    time = instant_of(found[2]) if found else None
    if found is None or time is None:
        return None
    quality = TimeQuality.SYSTEM if has_zone(found[2]) else TimeQuality.INFERRED
    return _tagged(found[4], Line("", time, quality, found[2], found[3], priority=_number(found[1])))


def _tagged(rest: str, line: Line) -> Line:
    tag = _TAG.match(rest)
    program, module, pid, message = tag.groups() if tag else ("", "", None, rest)
    return Line(
        message or "",
        line.time,
        line.quality,
        line.original,
        line.host,
        program or "",
        module or "",
        _number(pid),
        line.priority,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text else None
