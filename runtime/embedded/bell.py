"""Wakes those who wait for new messages."""

import asyncio


class Bell:
    """Rings once for everybody who took a ticket before."""

    def __init__(self) -> None:
        self._ticket = asyncio.Event()

    def ticket(self) -> asyncio.Event:
        """Return what the next ``ring`` sets. Take it before you look, so that nothing falls between."""
        return self._ticket

    def ring(self) -> None:
        """Wake all who hold a ticket."""
        self._ticket.set()
        self._ticket = asyncio.Event()
