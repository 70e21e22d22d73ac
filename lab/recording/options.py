"""What a recording is to hold."""

from dataclasses import dataclass, field

from lab.recording.names import Names


@dataclass(frozen=True)
class RecordingOptions:
    """Same options, same bytes.

    Attributes:
        names: what everything is called.
        benign_factor: how many times the usual everyday traffic, in the same span.
        attack: whether the intrusion happens.
        swap: names of two hosts that change places.
        seed: of everything that varies.
        start: first instant, epoch milliseconds.
        minutes: span.
    """

    names: Names = field(default_factory=Names)
    benign_factor: int = 1
    attack: bool = True
    swap: tuple[str, str] | None = None
    seed: int = 7
    start: int = 1_778_832_000_000
    minutes: int = 30

    def placed(self) -> Names:
        """Return the names after the swap."""
        return self.names.swapped(*self.swap) if self.swap else self.names
