"""Seeds, from which groups are looked for; and what names a process."""

from dataclasses import dataclass

from schemas.fact import NO_PROCESS, ProcessRef
from services.detect.correlate.core.store import Store


@dataclass(frozen=True, slots=True)
class Seed:
    """A node that may hold a hard anchor: a group is looked for from here."""

    kind: str
    host: str
    name: str = ""
    ref: ProcessRef = NO_PROCESS
    time: int = 0
    address: str = ""
    port: int = 0


def process_id(ref: ProcessRef) -> str | int:
    """Return what names the process best: its guid, else its pid."""
    return ref.guid or ref.pid


def sight(store: Store, host: str, ref: ProcessRef, time: int, event: str) -> None:
    """Note which guid, pid and image stand for one process."""
    if ref.guid and ref.pid:
        store.add(("pair", host, ref.guid), ref.pid, ref.pid)
        store.earliest(("pids", host, ref.pid), ref.guid, time, event, ref.image)
    elif ref.image and process_id(ref):
        store.earliest(("seen", host, process_id(ref)), ref.image, time, event)
