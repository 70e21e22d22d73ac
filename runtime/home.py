"""Where the state of one machine lives."""

import os
from pathlib import Path

from filelock import FileLock, Timeout

from runtime.errors import StartError

LOCK = "up.lock"


def state_home() -> Path:
    """Return STANCH_HOME, else the user's state directory; made where it is missing.

    Raises:
        StartError: it cannot be made.
    """
    default = Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local" / "state")) / "stanch"
    home = Path(os.environ.get("STANCH_HOME", default))
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"cannot keep state in {home}: {error.strerror}; set STANCH_HOME to another folder") from error
    return home


def log_path(home: Path) -> Path:
    """Return the embedded log's file."""
    return home / "log.sqlite3"


def alone(home: Path) -> FileLock:
    """Return the lock that this ``stanch up`` now holds.

    Raises:
        StartError: another one runs on the same state.
    """
    lock = FileLock(home / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StartError(
            f"another `stanch up` runs on {home}: stop it, or set STANCH_HOME to another folder"
        ) from error
    return lock
