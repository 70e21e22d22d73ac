"""Published rate limits, counted on the world's clock."""

from collections import defaultdict, deque

MINUTE = 60_000
HOUR = 60 * MINUTE
DEFENDER = ((100, MINUTE), (1_500, HOUR))
HUNTING = ((45, MINUTE), (1_500, HOUR))


class Limits:
    """Counts calls per key; can be switched off."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self._calls: dict[str, deque[int]] = defaultdict(deque)

    def admit(self, key: str, limits: tuple[tuple[int, int], ...], now: int) -> int:
        """Count one call; return 0 when it is admitted, else the seconds to wait. A refused call is not counted.

        Args:
            key: what shares one limit.
            limits: pairs of (calls, window in milliseconds).
            now: epoch milliseconds.
        """
        if not self.enabled:
            return 0
        calls = self._calls[key]
        while calls and calls[0] <= now - max(window for _, window in limits):
            calls.popleft()
        wait = max(_wait(calls, most, window, now) for most, window in limits)
        if not wait:
            calls.append(now)
        return wait


def _wait(calls: deque[int], most: int, window: int, now: int) -> int:
    recent = [at for at in calls if at > now - window]
    if len(recent) < most:
        return 0
    return max(1, -(-(recent[-most] + window - now) // 1000))
