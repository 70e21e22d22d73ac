"""This machine: where state lives, and the log in it."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from runtime.home import LOCK, log_path
from stanch.doctor.verdict import Verdict, warning, well, wrong

ENOUGH_BYTES: Final = 2 * 2**30
"""What the embedded log should have before it: an hour of 5,000 events a second fills more."""


def examine(home: Path, *, embedded: bool) -> Iterator[Verdict]:
    """Yield what is to be said of the state folder; of the log in it only where it is the one in use."""
    if not os.access(home, os.W_OK):
        yield wrong(
            "state", f"{home} cannot be written", "let its owner be the one who runs stanch, or set STANCH_HOME"
        )
        return
    yield _room(home)
    if embedded:
        yield _log(log_path(home))
        yield _running(home)


def _room(home: Path) -> Verdict:
    free = shutil.disk_usage(home).free
    told = f"{home}, {free / 2**30:.1f} GiB free"
    if free < ENOUGH_BYTES:
        return warning("state", told, "free some space: a full disk makes the doors answer 429")
    return well("state", told)


def _log(path: Path) -> Verdict:
    if not path.exists():
        return well("log", "none yet; `stanch up` makes it")
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return wrong("log", f"{path}: {error}", "restore it from a copy; the services read back all they know from it")
    if said != "ok":
        return wrong("log", f"{path}: {said}", "restore it from a copy; the services read back all they know from it")
    return well("log", f"{path}, {path.stat().st_size / 2**20:.0f} MiB, sound")


def _running(home: Path) -> Verdict:
    try:
        with FileLock(home / LOCK, timeout=0):
            return warning("services", "`stanch up` is not running here", "start it: nothing is contained until then")
    except Timeout:
        return well("services", "`stanch up` is running")
