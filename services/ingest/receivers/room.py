"""How many bytes may be on their way in at once, and that no tenant takes the room of all others."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class NoRoom(Exception):
    """Too much is in flight."""


@dataclass(slots=True)
class Place:
    """What one request holds of the room."""

    room: "Room"
    tenant: str
    size: int = 0

    def grow(self, size: int) -> None:
        """Hold ``size`` bytes instead, if that is more.

        Raises:
            NoRoom: there is not so much left for this tenant.
        """
        if size > self.size:
            self.room.take(self.tenant, size - self.size, self.size)
            self.size = size


class Room:
    """``size`` bytes. Half of it is whoever's comes first; the other half is kept in equal shares, one per tenant.

    A request that is alone in the room may fill it: otherwise a large one would never get in.
    """

    def __init__(self, size: int, tenants: Iterable[str]) -> None:
        names = frozenset(tenants)
        self._size = size
        self._share = size // (2 * len(names)) if names else 0
        self._tenants = len(names)
        self._used: Counter[str] = Counter()

    @contextmanager
    def place(self, tenant: str, size: int) -> Iterator[Place]:
        """Hold ``size`` bytes, and what they grow to, until the end of the block.

        Raises:
            NoRoom: there is not so much left for this tenant.
        """
        place = Place(self, tenant)
        place.grow(size)
        try:
            yield place
        finally:
            self._used[tenant] -= place.size

    def take(self, tenant: str, more: int, held: int) -> None:
        """Count ``more`` bytes of the tenant, for a request that has ``held`` so far.

        Raises:
            NoRoom: there is not so much left for this tenant.
        """
        is_alone = self._used.total() == held
        if more > (self._size - held if is_alone else self._left(tenant)):
            raise NoRoom
        self._used[tenant] += more

    def _left(self, tenant: str) -> int:
        others = {name: used for name, used in self._used.items() if name != tenant and used}
        kept = sum(max(self._share - used, 0) for used in others.values())
        kept += self._share * (self._tenants - 1 - len(others))
        return self._size - sum(others.values()) - self._used[tenant] - kept
