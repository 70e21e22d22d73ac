"""A shipper with a spool: sends each parcel until it was accepted, in order, however long the door says no."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from tests.chaos.broker.load import Parcel, token_variable

FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 1.0
REQUEST_SECONDS: Final = 30.0


@dataclass
class Shipper:
    """Sends ``parcels`` to ``door``; gives up ``seconds`` after it began. ``accepted`` are the instants of each 202."""

    door: str
    tokens: Mapping[str, str]
    parcels: Sequence[Parcel]
    seconds: float
    accepted: list[int] = field(default_factory=list)
    refused: int = 0
    _began: float = 0.0

    def start(self) -> "threading.Thread":
        """Begin; the thread ends when all is accepted or time is up."""
        self._began = time.monotonic()
        thread = threading.Thread(target=self._ship, name="shipper", daemon=True)
        thread.start()
        return thread

    @property
    def is_done(self) -> bool:
        """Whether everything was accepted."""
        return len(self.accepted) == len(self.parcels)

    def _ship(self) -> None:
        with httpx.Client(base_url=self.door, timeout=REQUEST_SECONDS) as client:
            for parcel in self.parcels:
                time.sleep(max(0.0, parcel.at - self._age))
                if not self._send(client, parcel):
                    return

    def _send(self, client: httpx.Client, parcel: Parcel) -> bool:
        pause = FIRST_PAUSE_SECONDS
        while not self._is_taken(client, parcel):
            if self._age > self.seconds:
                return False
            self.refused += 1
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self.accepted.append(time.time_ns() // 1_000_000)
        return True

    def _is_taken(self, client: httpx.Client, parcel: Parcel) -> bool:
        headers = {
            "Authorization": f"Bearer {self.tokens[token_variable(parcel.tenant)]}", "Idempotency-Key": parcel.key,
        }  # fmt: skip
        try:
            answer = client.post("/v1/records", content=b"\n".join(parcel.lines), headers=headers)
        except httpx.TransportError:
            return False
        assert answer.status_code in (202, 429, 503), f"{answer.status_code}: {answer.text}"
        return answer.status_code == 202

    @property
    def _age(self) -> float:
        return time.monotonic() - self._began
