"""Wakes those who wait for new messages."""

import asyncio
from collections.abc import Callable, Collection
from weakref import WeakKeyDictionary

Hears = Callable[[str], bool]


class Bell:
    """Rings once for everybody who took a ticket before and hears the topic. A ticket that is dropped is forgotten."""

    def __init__(self) -> None:
        self._tickets: WeakKeyDictionary[asyncio.Event, Hears] = WeakKeyDictionary()

    def ticket(self, hears: Hears) -> asyncio.Event:
        """Return what the next ``ring`` sets that is heard. Take it before you look, so that nothing falls between."""
        ticket = asyncio.Event()
        self._tickets[ticket] = hears
        return ticket

    def ring(self, topics: Collection[str] | None = None) -> None:
        """Wake all who hear one of ``topics``, by their stored names; everybody where none are named."""
        for ticket, hears in list(self._tickets.items()):
            if topics is None or any(map(hears, topics)):
                del self._tickets[ticket]
                ticket.set()
