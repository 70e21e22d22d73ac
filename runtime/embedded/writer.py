"""Who wrote last: a small file beside the database, so that a blocked process can name the one that blocks it."""

import os
from pathlib import Path

from schemas.times import to_text

_SIZE = 256


class WriterNote:
    """The note of one log. It is written by whoever has just begun a write, and never has to be durable."""

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else os.open(f"{path}-writer", os.O_RDWR | os.O_CREAT, 0o600)

    def sign(self, who: str, now: int) -> None:
        """Say that this process is writing on behalf of ``who`` since ``now``."""
        if self._file is not None:
            text = f"process {os.getpid()} ({who}, since {to_text(now)})"
            os.pwrite(self._file, text.encode()[:_SIZE].ljust(_SIZE), 0)

    def blame(self) -> str:
        """Return one sentence: who holds the log, and the cure."""
        text = "" if self._file is None else os.pread(self._file, _SIZE, 0).decode(errors="replace").strip()
        pid = text.split(" ")[1] if text else "PID"
        return (
            f"the log is held by {text or 'another process'}, which began a write and does not finish it: continue it"
            f" (kill -CONT {pid}) or end it (kill -KILL {pid}; its write is then undone, nothing that was committed is lost)"
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
