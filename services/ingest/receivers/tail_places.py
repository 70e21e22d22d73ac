"""How far each file has been read: kept so that a kill at any moment loses no line and gives none a second id.

A batch is noted before it is handed over, with the instant of its reading, and again once the log has it. After a kill in between the
very same records go out again: same position, same receipt time, hence the same events, which everybody after us knows already.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from runtime.errors import StartError

FILE: Final = "tail.json"


class Batch(msgspec.Struct, frozen=True):
    """What was read and may have been handed over: up to where, and when (epoch milliseconds)."""

    upto: int
    at: int
    skipping: bool = False


class Place(msgspec.Struct):
    """How far one file has been read.

    ``uid`` names the file for good, whatever it is called later; ``rewritten`` counts how often it began anew. ``mark`` is a digest of
    the bytes before ``offset``: where they differ, the file is another one. ``skipping``: inside of a line that was too long.
    """

    uid: str
    path: str
    inode: int
    offset: int = 0
    rewritten: int = 0
    mark: str = ""
    skipping: bool = False
    batch: Batch | None = None

    def position(self, offset: int) -> str:
        """Return what names the record that begins at ``offset``."""
        return f"tail:{self.uid}.{self.rewritten}:{offset}"


class Places(msgspec.Struct):
    """Everything that is remembered: the files of each source, by the source's name. A source that is known has begun."""

    sources: dict[str, list[Place]] = msgspec.field(default_factory=dict)


def load(home: Path) -> Places:
    """Return what was kept.

    Raises:
        StartError: it cannot be read.
    """
    path = home / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Places)
    except FileNotFoundError:
        return Places()
    except (OSError, msgspec.MsgspecError) as error:
        raise StartError(
            f"cannot read how far files were read, {path}: {error}; without that file all begin anew"
        ) from error


def save(home: Path, places: Places) -> None:
    """Keep ``places``: all of it or nothing, and for good."""
    path = home / FILE
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(places))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
