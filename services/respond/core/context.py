"""What the decisions about one tenant are made with: its judge, the ways of its products, and how long things may take."""

from dataclasses import dataclass

from schemas.times import SECOND
from services.respond.core.judging import Judge
from services.respond.core.records import Lane
from services.respond.ports.aims import ControlSpec, Enforcer

MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Timings:
    """How long things may take, in milliseconds.

    Attributes:
        dispatch: after this an intent is too old to be sent.
        http_timeout: after this an answer will not come any more.
        patience: an action that brought nothing home for so long is asked for again.
        first_pause: between two looks at the product; doubles up to ``longest_pause``.
        native_margin: how much later than us the product may end a control by itself: the net under our own release.
        longest_lag: upper bound on every lag of a product; None leaves them as the connector declares them.
        attempts: how often an order that the product took and failed is given.
    """

    dispatch: int = 2 * SECOND
    http_timeout: int = 10 * SECOND
    patience: int = 90 * SECOND
    first_pause: int = 1 * SECOND
    longest_pause: int = 30 * SECOND
    native_margin: int = 60 * SECOND
    longest_lag: int | None = None
    attempts: int = 3

    def pause(self, times: int) -> int:
        """Return how long to wait after ``times`` looks in vain."""
        return int(min(self.longest_pause, self.first_pause * 2 ** min(times, 16)))

    def bounded(self, lag: int) -> int:
        """Return a product's lag under the upper bound."""
        return lag if self.longest_lag is None else min(lag, self.longest_lag)


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that is constant while one tenant's inputs are decided."""

    judge: Judge
    timings: Timings

    def enforcer(self, lane: Lane) -> Enforcer | None:
        """Return the product of ``lane``, unless it was taken out of the configuration."""
        return next((one for one in self.judge.enforcers if one.name == lane.connector), None)

    def spec(self, lane: Lane) -> ControlSpec:
        """Return what the lane's product is like."""
        enforcer = self.enforcer(lane)
        return enforcer.specs.get(lane.control, ControlSpec()) if enforcer else ControlSpec()
