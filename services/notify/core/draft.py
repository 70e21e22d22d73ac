"""A decision in the making: entries, messages and actions, and the threads as they will be."""

from collections.abc import Mapping
from typing import Any

from runtime.log import Message
from runtime.machine import Action, Entry, Step
from schemas.identity import compose
from schemas.notification import Notification
from schemas.topics import NOTIFICATIONS
from services.notify.core.state import State, Thread
from services.notify.core.transitions import evolve


class Draft:
    """Collects what one input leads to. The state itself is only read."""

    def __init__(self, state: State, now: int) -> None:
        self.tenant = state.tenant
        self.now = now
        self._state = state
        self._changed: dict[str, Thread | None] = {}
        self._entries: list[Entry] = []
        self._outputs: list[Message] = []
        self._actions: list[Action] = []

    def thread(self, uid: str) -> Thread | None:
        """Return the thread as it will be."""
        return self._changed[uid] if uid in self._changed else self._state.threads.get(uid)

    def write(self, kind: str, uid: str, data: Mapping[str, Any]) -> Thread | None:
        """Add a transition of the thread ``uid``, and return the thread after it."""
        entry = Entry(kind, uid, {**data, "at": self.now})
        self._entries.append(entry)
        self._changed[uid] = evolve(self.thread(uid), entry)
        return self._changed[uid]

    def publish(self, notification: Notification) -> None:
        """Let everybody know what became of a message."""
        key = compose(self.tenant, notification.incident)
        value = notification.model_dump_json().encode()
        self._outputs.append(Message(NOTIFICATIONS.name, self.tenant, key, value, {"cause": notification.uid}))

    def act(self, action: Action) -> None:
        """Ask for something to be done after the commit."""
        self._actions.append(action)

    def step(self) -> Step:
        """Return the decision."""
        return Step(tuple(self._entries), tuple(self._outputs), tuple(self._actions))
