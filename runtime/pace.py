"""What ``now`` is for a message, and what its outputs carry: the wall for live work, the stream's headers for a replay."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol

from runtime.clock import NOW_HEADER, TICK_HEADER, Clock, VirtualClock
from runtime.deployment import Deployment
from runtime.errors import StartError
from runtime.log import Received, TopicPartition


class Pace(Protocol):
    """How time passes for one service."""

    def now(self, received: Received, line: Hashable) -> int:
        """Return ``now`` for ``received``; it never goes back within one ``line`` of messages."""
        ...

    def current(self, line: Hashable) -> int:
        """Return ``now`` of the line, between messages."""
        ...

    def move(self, line: Hashable, instant: int) -> None:
        """Say that the line has come to ``instant``."""
        ...

    def instant(self, due: int, now: int) -> int:
        """Return the instant at which something that was due is handled."""
        ...

    def in_order(self, batch: Sequence[Received]) -> Sequence[Received]:
        """Return the batch in the order in which it is handled."""
        ...

    def stamp(self, now: int) -> Mapping[str, str]:
        """Return the headers that an output of ``now`` carries."""
        ...

    def moment(self, received: Received) -> int:
        """Return when ``received`` came, for one who reads it again."""
        ...

    def is_tick(self, received: Received) -> bool:
        """Return whether the message only tells the time."""
        ...


class LivePace:
    """The wall clock; whatever is due is handled now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self, received: Received, line: Hashable) -> int:  # noqa: ARG002 # the port's signature
        """Return the clock's instant."""
        return self._clock.now()

    def current(self, line: Hashable) -> int:  # noqa: ARG002 # the port's signature
        """Return the clock's instant."""
        return self._clock.now()

    def move(self, line: Hashable, instant: int) -> None:
        """Leave the wall clock alone."""

    def instant(self, due: int, now: int) -> int:  # noqa: ARG002 # the port's signature
        """Return ``now``: a deadline is handled when somebody looks."""
        return now

    def in_order(self, batch: Sequence[Received]) -> Sequence[Received]:
        """Return the batch as it came."""
        return batch

    def stamp(self, now: int) -> Mapping[str, str]:  # noqa: ARG002 # the port's signature
        """Return nothing: live messages carry no virtual time."""
        return {}

    def moment(self, received: Received) -> int:
        """Return when the log got it: live, a header that names a time is somebody else's."""
        return received.at

    def is_tick(self, received: Received) -> bool:  # noqa: ARG002 # the port's signature
        """Return False: nobody tells the wall clock the time."""
        return False


class VirtualPace:
    """The largest ``stanch-now`` seen on a line; deadlines are handled at their own instants."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._lines: dict[Hashable, int] = {}

    def now(self, received: Received, line: Hashable) -> int:
        """Return the largest header seen on the line, that of ``received`` included."""
        return max(self.current(line), header_now(received))

    def current(self, line: Hashable) -> int:
        """Return the largest instant of the line so far."""
        return self._lines.get(line, 0)

    def move(self, line: Hashable, instant: int) -> None:
        """Move the line, and the service's clock, to ``instant`` unless they are beyond."""
        self._lines[line] = max(instant, self.current(line))
        self._clock.advance(instant)

    def instant(self, due: int, now: int) -> int:  # noqa: ARG002 # the port's signature
        """Return ``due``: time stops at each deadline on its way."""
        return due

    def in_order(self, batch: Sequence[Received]) -> Sequence[Received]:
        """Merge the places of the batch by virtual time; the order within each place stays."""
        largest: dict[TopicPartition, int] = {}
        keys = []
        for index, received in enumerate(batch):
            now = largest[received.place] = max(header_now(received), largest.get(received.place, 0))
            keys.append((now, received.topic, index))
        return [batch[index] for _, _, index in sorted(keys)]

    def stamp(self, now: int) -> Mapping[str, str]:
        """Return the header that tells the next service the time."""
        return {NOW_HEADER: str(now)}

    def moment(self, received: Received) -> int:
        """Return the instant that its header tells, else that of its receipt."""
        return header_now(received) or received.at

    def is_tick(self, received: Received) -> bool:
        """Return whether the driver of the replay marked it so."""
        return TICK_HEADER in received.headers


def pace_of(deployment: Deployment) -> Pace:
    """Return the pace that the deployment asks for.

    Raises:
        StartError: it is virtual and its clock is not.
    """
    if not deployment.virtual:
        return LivePace(deployment.clock)
    if not isinstance(deployment.clock, VirtualClock):
        raise StartError("a virtual deployment needs a VirtualClock of each service's own")
    return VirtualPace(deployment.clock)


def header_now(received: Received) -> int:
    """Return the virtual instant that ``received`` carries; 0, the beginning of time, where it carries none."""
    text = received.headers.get(NOW_HEADER, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
