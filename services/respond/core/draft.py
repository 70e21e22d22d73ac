"""One decision in the making: reads the state, collects what changes, and leaves the state alone."""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

from runtime.log import Message
from runtime.machine import Action, Entry, Step
from schemas.entity import AssetClass
from schemas.hold import Hold as PublicHold
from schemas.identity import compose
from schemas.remediation import Remediation
from schemas.topics import HOLDS, REMEDIATIONS
from services.respond.core.public import public
from services.respond.core.records import Hold, Known, Lane, ModeRecord
from services.respond.core.state import State, entry


class Draft:
    """What one input leads to, so far. ``now`` is epoch milliseconds."""

    def __init__(self, state: State, now: int) -> None:
        self.state = state
        self.tenant = state.tenant
        self.now = now
        self.holds: ChainMap[str, Hold] = ChainMap({}, state.holds)
        self.lanes: ChainMap[str, Lane] = ChainMap({}, state.lanes)
        self.modes: ChainMap[str, ModeRecord] = ChainMap({}, state.modes)
        self.classes: ChainMap[str, AssetClass] = ChainMap({}, state.classes)
        self.own_addresses: ChainMap[str, str] = ChainMap({}, state.own_addresses)
        self._entries: list[Entry] = []
        self._actions: list[Action] = []
        self._remediations: list[Message] = []

    def put_hold(self, what: str, hold: Hold) -> Hold:
        """Change a hold; ``what`` names the transition."""
        self.holds[hold.uid] = hold
        self._entries.append(entry(f"hold.{what}", hold.uid, hold))
        return hold

    def put_lane(self, what: str, lane: Lane) -> Lane:
        """Change a lane; ``what`` names the transition."""
        self.lanes[lane.key] = lane
        self._entries.append(entry(f"lane.{what}", lane.key, lane))
        return lane

    def learn(self, known: Known) -> None:
        """Remember what an incident told about an entity, unless it is known."""
        key = compose(known.type, known.id)
        if self.state.known.get(key) == known:
            return
        self.classes[known.id] = known.asset_class
        self.own_addresses.update(dict.fromkeys(known.addresses, known.id))
        self._entries.append(entry("known.learned", key, known))

    def put_mode(self, what: str, record: ModeRecord) -> None:
        """Change the mode of one scope."""
        self.modes[record.scope] = record
        self._entries.append(entry(f"mode.{what}", record.scope, record))

    def act(self, lane: Lane, kind: str, data: Mapping[str, Any]) -> None:
        """Ask for something to be done for the lane's effect, whose ``seq`` the answer must bear."""
        effect = lane.effect
        number = effect.seq if effect else 0
        self._actions.append(Action(f"{number}|{lane.key}", kind, {"tenant": self.tenant, "lane": lane.key, **data}))

    def tell(self, lane: Lane, remediation: Remediation) -> None:
        """Publish what was done."""
        key = compose(self.tenant, lane.key)
        value = remediation.model_dump_json(exclude_none=True).encode()
        self._remediations.append(Message(REMEDIATIONS.name, self.tenant, key, value))

    def step(self) -> Step:
        """Return everything that changed, and the public state of every hold that looks different now."""
        outputs = [*self._published(), *self._remediations]
        return Step(tuple(self._entries), tuple(outputs), tuple(self._actions))

    def _published(self) -> Iterator[Message]:
        for uid, hold in self.holds.maps[0].items():
            now, before = public(self.tenant, hold), self.state.holds.get(uid)
            if before is None or public(self.tenant, before) != now:
                yield _message(self.tenant, now)


def _message(tenant: str, hold: PublicHold) -> Message:
    return Message(HOLDS.name, tenant, compose(tenant, hold.uid), hold.model_dump_json().encode())
