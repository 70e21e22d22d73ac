"""What is wrong with a file that people write: where, and why it was refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason, with its place. Lines count from 1."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"
