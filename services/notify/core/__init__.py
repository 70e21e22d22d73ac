"""The decisions of notify, pure."""

from services.notify.core.machine import NotifyMachine
from services.notify.core.outbox import contact_uid
from services.notify.core.state import State
from services.notify.core.timing import Timings

__all__ = ["NotifyMachine", "State", "Timings", "contact_uid"]
